"""The base of all other packages: findings, checks of values, rules. No jsii."""

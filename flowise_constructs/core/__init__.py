"""What everything stands on: findings, the checking of values, rules. No jsii."""

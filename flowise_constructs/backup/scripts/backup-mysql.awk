# A dump of mariadb-dump -> "table count" lines. Each row is a line of its own; its text holds no line ends.

/^CREATE TABLE `/ { split($0, part, "`"); number[part[2]] += 0 }

/^INSERT INTO `[^`]*` VALUES$/ { split($0, part, "`"); table = part[2]; next }

/^INSERT INTO `[^`]*` VALUES ./ { strange = 1 }

table != "" && /^\(/ {
    number[table]++
    if (/;$/) table = ""
    next
}

{ if ($0 != "") last = $0 }

END {
    if (strange) { print "rows are not a line each: mariadb-dump of this version is not known" > "/dev/stderr"; exit 1 }
    if (last !~ /^-- Dump completed/) { print "the dump has no end" > "/dev/stderr"; exit 1 }
    for (name in number) if (name ~ /^[A-Za-z0-9_$-]+$/) print name, number[name]
}

# Names of backups, newest first -> those that no rule keeps.

function first_of(kind, period, limit) {
    if ((kind, period) in seen) return 0
    seen[kind, period] = 1
    periods[kind]++
    return periods[kind] <= limit
}

# Weeks since 1970, from Monday; the days before by the civil calendar, whose year begins in March.
function week_of(name,    year, month, day, era_year, days) {
    year = substr(name, 1, 4) + 0
    month = substr(name, 5, 2) + 0
    day = substr(name, 7, 2) + 0
    era_year = month > 2 ? year : year - 1
    days = int((153 * ((month + 9) % 12) + 2) / 5) + day - 1
    days += era_year * 365 + int(era_year / 4) - int(era_year / 100) + int(era_year / 400) - 719468
    return int((days + 3) / 7)
}

{
    kept = NR <= last
    kept += first_of("day", substr($0, 1, 8), daily)
    kept += first_of("week", week_of($0), weekly)
    kept += first_of("month", substr($0, 1, 6), monthly)
    if (kept == 0) print
}

"""`python -m benchmarks`: every workload with its usual sizes, one after the other."""

from benchmarks import burst, history, idle, log_view, screen, views, virtual_year

for workload in (burst, idle, virtual_year, history, screen, views, log_view):
    print(f"-- {(workload.__doc__ or '').splitlines()[0]}")
    workload.main()

"""The filter of the job table: `word`, `!word`, `#tag`, `is:failing`, `/pattern/`."""

import re

from cronterm.model.snapshot import JobView


def matches(view: JobView, words: str, state: str) -> bool:
    """Tell whether a job matches a filter: `word`, `!word`, `#tag`, `is:failing`."""
    for word in words.casefold().split():
        is_wanted = not word.startswith("!")
        term = word.lstrip("!")
        if not term:
            continue
        if _matches_term(view, term, state) != is_wanted:
            return False
    return True


def _matches_term(view: JobView, term: str, state: str) -> bool:
    job = view.job
    if term.startswith("/"):
        return _matches_pattern(term.strip("/"), job.id)
    if term.startswith("#"):
        return any(tag.casefold().startswith(term[1:]) for tag in job.tags)
    if term.startswith("is:"):
        wanted = term[3:]
        if wanted in ("failing", "failed"):
            return view.totals.failed_in_a_row > 0
        if wanted == "ok":
            return state == "succeeded"
        return state.startswith(wanted)
    text = f"{job.id} {job.description} {job.owner} {job.group} {' '.join(job.tags)}".casefold()
    return term in text or _is_subsequence(term, job.id.casefold())


def _is_subsequence(term: str, text: str) -> bool:
    place = iter(text)
    return len(term) >= 3 and all(char in place for char in term)


def _matches_pattern(pattern: str, text: str) -> bool:
    """Tell whether a pattern is found; one that is half typed matches everything."""
    try:
        return re.search(pattern, text, re.IGNORECASE) is not None
    except re.error:
        return True

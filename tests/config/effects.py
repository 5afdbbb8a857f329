"""Which test shows the effect of each key of a jobs file: what it does, not that it is read."""

JOB_EFFECTS: dict[str, str] = {
    "description": "notify/test_message.py::test_one_notice_says_all_that_helps",
    "owner": "core/test_explain.py::test_who_to_ask_and_where_to_read_on_comes_last",
    "runbook": "core/test_explain.py::test_who_to_ask_and_where_to_read_on_comes_last",
    "tags": "tui/test_filter.py::test_a_job_is_found_by_all_that_it_is_called",
    "group": "tui/test_filter.py::test_a_job_is_found_by_all_that_it_is_called",
    "schedule": "core/test_scheduler.py::test_a_due_instant_becomes_a_run",
    "timezone": "core/test_golden.py::test_a_dialogue_is_what_it_was[seasons]",
    "jitter": "core/test_scheduler.py::test_jitter_moves_the_start_and_not_the_instant",
    "jitter_mode": "core/test_limits.py"
    "::test_random_jitter_is_another_each_time_and_stable_jitter_is_not",
    "command": "execute/test_runner.py::test_output_exit_code_and_streams_are_kept",
    "shell": "journeys/test_words.py::test_the_shell_runs_and_the_signal_stops",
    "python": "execute/test_runner.py::test_a_python_call_runs_in_its_own_interpreter",
    "args": "execute/test_runner.py::test_a_python_call_runs_in_its_own_interpreter",
    "kwargs": "execute/test_runner.py::test_a_python_call_runs_in_its_own_interpreter",
    "http": "execute/test_http.py::test_an_answer_is_told_with_status_time_and_body",
    "working_dir": "execute/test_runner.py::test_a_job_starts_in_a_clean_room",
    "env": "execute/test_runner.py::test_stdin_env_files_and_argv_reach_the_job",
    "env_file": "execute/test_identity.py"
    "::test_a_later_env_file_wins_and_an_optional_one_may_be_absent",
    "stdin": "execute/test_runner.py::test_stdin_env_files_and_argv_reach_the_job",
    "timeout": "execute/test_runner.py::test_a_timeout_ends_the_whole_tree",
    "stop_signal": "journeys/test_words.py::test_the_shell_runs_and_the_signal_stops",
    "stop_grace_period": "execute/test_runner.py::test_a_timeout_ends_the_whole_tree",
    "retry": "core/test_scheduler.py::test_a_retry_waits_for_its_backoff_and_holds_the_slot",
    "overlap": "core/test_scheduler.py::test_an_overlap_is_skipped_with_its_reason",
    "queue_limit": "core/test_scheduler.py"
    "::test_a_queued_run_waits_for_the_one_before_and_the_queue_has_a_limit",
    "max_instances": "core/test_scheduler.py::test_allowed_runs_have_a_limit_only_where_one_is_set",
    "catch_up": "core/test_scheduler.py::test_latest_runs_the_newest_and_tells_of_the_others",
    "catch_up_window": "core/test_due.py::test_a_window_cuts_what_latest_and_all_may_take",
    "start_deadline": "core/test_scheduler.py"
    "::test_a_run_that_could_not_start_before_its_deadline_is_missed",
    "success": "journeys/test_success.py::test_each_rule_and_each_action_has_its_end",
    "skip_exit_codes": "core/test_scheduler.py::test_outcomes_follow_their_order",
    "output": "execute/test_success.py::test_of_a_long_output_the_tail_alone_may_be_kept",
    "monitor": "journeys/test_monitors.py::test_reports_and_alerts_outlive_the_engine",
    "tolerance": "core/test_alerting.py"
    "::test_a_run_is_told_once_to_be_late_also_by_the_next_engine",
    "max_runtime": "journeys/test_monitors.py::test_reports_and_alerts_outlive_the_engine",
    "history": "store/test_retention.py::test_the_newest_runs_stay",
    "enabled": "core/test_scheduler.py"
    "::test_a_disabled_job_is_told_as_such_and_counts_from_when_it_is_enabled",
    "user": "execute/test_identity.py::test_a_job_of_another_user_is_that_user",
    "umask": "execute/test_identity.py::test_limits_umask_and_niceness_hold_for_the_job_alone",
    "nice": "execute/test_identity.py::test_limits_umask_and_niceness_hold_for_the_job_alone",
    "ionice": "execute/test_identity.py::test_limits_umask_and_niceness_hold_for_the_job_alone",
    "limits": "execute/test_identity.py::test_a_limit_ends_what_goes_beyond_it",
    "inherit_env": "execute/test_identity.py"
    "::test_the_environment_is_inherited_as_far_as_it_is_said",
    "secrets": "journeys/test_identity.py::test_a_secret_is_nowhere_but_in_its_job",
    "params": "execute/test_identity.py::test_params_are_in_the_environment",
    "kill_leftovers": "execute/test_identity.py::test_leftovers_are_ended_where_that_is_asked",
    "shutdown_runs": "core/test_identity.py::test_an_engine_that_ends_stops_the_runs_that_want_it",
    "renamed_from": "core/test_identity.py"
    "::test_a_renamed_job_goes_on_with_its_run_its_pause_and_its_count",
    "depends_on": "core/test_chains.py::test_each_job_follows_when_all_it_needs_has_ended_well",
    "depends_window": "core/test_chains.py::test_an_old_result_does_not_count_beyond_its_window",
    "depends_wait": "core/test_chains.py::test_a_wait_for_an_upstream_has_an_end",
    "on_success": "core/test_chains.py"
    "::test_success_failure_and_completion_each_have_their_followers",
    "on_failure": "core/test_chains.py"
    "::test_success_failure_and_completion_each_have_their_followers",
    "on_complete": "core/test_chains.py"
    "::test_success_failure_and_completion_each_have_their_followers",
    "pool": "core/test_gates.py::test_a_full_pool_holds_a_run_and_says_so",
    "priority": "core/test_gates.py::test_higher_priority_goes_first_then_the_older_instant",
    "condition": "core/test_gates.py::test_a_run_starts_once_its_condition_holds",
    "exclude": "journeys/test_calendars.py::test_what_limits_a_job_limits_it_and_says_so",
    "only": "core/test_limits.py::test_the_newest_instant_that_is_let_through_is_caught_up",
    "not_before": "core/test_golden.py::test_a_dialogue_is_what_it_was[limits]",
    "not_after": "core/test_golden.py::test_a_dialogue_is_what_it_was[limits]",
    "max_runs": "core/test_limits.py::test_runs_that_wait_count_before_they_start",
    "auto_pause": "core/test_limits.py::test_only_the_last_attempt_of_a_run_counts_as_its_failure",
    "triggers": "core/test_signals.py::test_an_event_starts_a_run_at_once",
    "cooldown": "core/test_signals.py::test_an_event_within_the_cooldown_starts_nothing",
    "notify": "journeys/test_delivery.py::test_every_kind_of_alert_arrives_by_every_channel",
}

SETTINGS_EFFECTS: dict[str, str] = {
    "timezone": "config/test_load.py::test_defaults_and_settings_lie_below_the_jobs",
    "max_running": "core/test_scheduler.py::test_the_engine_never_runs_more_than_it_may",
    "startup_delay": "core/test_golden.py::test_a_dialogue_is_what_it_was[startup_delay]",
    "shutdown_grace": "journeys/test_endings.py::test_down_waits_no_longer_than_the_grace",
    "start_grace": "core/test_scheduler.py::test_an_instant_beyond_the_grace_is_not_live",
    "catch_up": "config/test_load.py::test_defaults_and_settings_lie_below_the_jobs",
    "history": "config/test_load.py::test_defaults_and_settings_lie_below_the_jobs",
    "output": "config/test_load.py::test_defaults_and_settings_lie_below_the_jobs",
    "watch": "watch/test_bursts.py::test_exhausted_inotify_is_told_and_polled",
    "api": "journeys/test_api.py::test_it_follows_the_jobs_file",
}

TOP_EFFECTS: dict[str, str] = {
    "version": "config/test_load.py::test_what_is_wrong_is_said_with_its_place_and_its_mend",
    "include": "config/test_files.py::test_included_files_are_read_with_their_own_defaults",
    "settings": "config/test_load.py::test_defaults_and_settings_lie_below_the_jobs",
    "defaults": "config/test_load.py::test_defaults_and_settings_lie_below_the_jobs",
    "calendars": "journeys/test_calendars.py::test_what_limits_a_job_limits_it_and_says_so",
    "pools": "core/test_gates.py::test_a_full_pool_holds_a_run_and_says_so",
    "notifiers": "journeys/test_delivery.py::test_every_kind_of_alert_arrives_by_every_channel",
    "alert_policies": "core/test_telling.py"
    "::test_policies_are_found_by_name_and_change_with_the_file",
    "jobs": "core/test_scheduler.py::test_a_due_instant_becomes_a_run",
}

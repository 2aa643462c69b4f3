use super::*;

fn read(name: &str, text: &str) -> Result<Goal, Vec<String>> {
    let mut problems = Vec::new();
    let goal = parse(Path::new(name), text, false, &mut problems);
    goal.ok_or_else(|| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn a_goal_is_its_head_for_steward_and_its_text_for_the_model() {
    let goal = read(
        "a.md",
        "---\ntitle: Look at backups # weekly\nschedule: \"0 9 * * 1\"\n---\n\nLook.\n\n---\nTwice.\n",
    );
    let goal = goal.unwrap();
    assert_eq!((goal.name.as_str(), goal.title.as_str()), ("a", "Look at backups"));
    assert_eq!(goal.text, "Look.\n\n---\nTwice.");
    assert_eq!(goal.schedule.unwrap().to_string(), "0 9 * * 1");
}

#[test]
fn a_goal_that_is_not_enabled_never_runs_by_itself_and_its_schedule_is_checked_all_the_same() {
    let head = "---\ntitle: T\nenabled: false\nschedule: ";
    assert_eq!(read("a.md", &format!("{head}\"@daily\"\n---\nLook.")).unwrap().schedule, None);
    let told = read("a.md", &format!("{head}\"61 * * * *\"\n---\nLook.")).unwrap_err();
    assert!(told[0].starts_with("a.md:4: schedule: minute: "), "{told:?}");
}

#[test]
fn every_problem_of_a_goal_is_told_at_once_with_its_line_and_field() {
    let told = read("No Name.md", "---\ntitel: T\nschedule: sometimes\nenabled: perhaps\n---\n").unwrap_err();
    let told = told.join("\n");
    for wanted in [
        "No Name.md: \"No Name\" is no name for a goal; ",
        "No Name.md: says nothing to the agent; ",
        "No Name.md:2: titel: no such key here; did you mean `title`?",
        "No Name.md:3: schedule: ",
        "No Name.md:4: enabled: expected `true` or `false`, found the text \"perhaps\"",
    ] {
        assert!(told.contains(wanted), "{wanted} is not in\n{told}");
    }
}

#[test]
fn a_text_without_a_head_or_with_half_of_one_is_refused_with_what_to_write() {
    for text in ["Look.", "---\ntitle: T\nLook.\n", ""] {
        let told = read("a.md", text).unwrap_err();
        assert!(
            told[0].contains("begin it with three lines: `---`, `title: What it is for`, `---`"),
            "{told:?}"
        );
    }
}

#[test]
fn the_goals_that_come_along_have_no_fault_and_fit_into_a_prompt() {
    let mut problems = Vec::new();
    for (file, text) in SHIPPED {
        let goal = parse(Path::new(file), text, true, &mut problems).unwrap();
        assert!(goal.text.len() < 3600, "{file} is {} bytes: too many of the 4,000 tokens", goal.text.len());
    }
    assert_eq!(problems, []);
}

#[test]
fn of_the_goals_that_come_along_only_the_weekly_one_runs_by_itself() {
    let mut problems = Vec::new();
    let goals = SHIPPED.iter().filter_map(|(file, text)| parse(Path::new(file), text, true, &mut problems));
    let scheduled: Vec<_> = goals.filter_map(|goal| Some((goal.name, goal.schedule?.to_string()))).collect();
    assert_eq!(scheduled, [("proactive".to_owned(), "0 10 * * 6".to_owned())]);
}

use super::*;

#[test]
fn all_tools_are_told_in_little_room() {
    let told = serde_json::to_string(&specs()).unwrap();
    assert!(told.len() < 4_100, "{} bytes:\n{told}", told.len());
}

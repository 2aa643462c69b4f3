//! Image names, as people tell them apart.

/// The longest name of an image that is shown, in characters.
const MAX_NAME: usize = 120;

/// From one image to another, the repository named once where it is the same: `nginx 1.26 → 1.27`.
pub(super) fn from_to(before: &str, after: &str) -> String {
    let ((old_name, old_tag), (new_name, new_tag)) = (split(before), split(after));
    match old_name == new_name {
        true => format!("{} {} → {}", short(new_name), version(old_tag), version(new_tag)),
        false => format!("{} → {}", brief(before), brief(after)),
    }
}

/// An image's name with a bearable digest.
pub(super) fn brief(image: &str) -> String {
    let (name, tag) = split(image);
    if tag.is_empty() { short(name) } else { format!("{}:{}", short(name), version(tag)) }
}

/// The repository, and the tag or digest.
fn split(image: &str) -> (&str, &str) {
    if let Some((name, digest)) = image.split_once('@') {
        // With a digest, the tag before it is the better name of the two.
        let (name, tag) = split(name);
        return (name, if tag.is_empty() { digest } else { tag });
    }
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, ""),
    }
}

fn version(tag: &str) -> String {
    match tag.split_once(':') {
        Some((algorithm, digest)) => format!("{algorithm}:{}", digest.chars().take(12).collect::<String>()),
        None if tag.is_empty() => "latest".to_owned(),
        None => short(tag),
    }
}

fn short(text: &str) -> String {
    crate::domain::change::one_line(text, MAX_NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_tag_is_told_by_the_tags_and_another_image_by_both_names() {
        assert_eq!(from_to("nginx:1.26", "nginx:1.27"), "nginx 1.26 → 1.27");
        assert_eq!(from_to("reg.lan:5000/a/b", "reg.lan:5000/a/b:2"), "reg.lan:5000/a/b latest → 2");
        assert_eq!(from_to("nginx:1.26", "caddy:2"), "nginx:1.26 → caddy:2");
        let (a, b) = (format!("x@sha256:{}", "a".repeat(64)), format!("x@sha256:{}", "b".repeat(64)));
        assert_eq!(from_to(&a, &b), "x sha256:aaaaaaaaaaaa → sha256:bbbbbbbbbbbb");
        assert_eq!(brief("x:1@sha256:abc"), "x:1");
    }
}

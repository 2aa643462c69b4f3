//! Images without a version, and those that no registry has.

use super::desk::Desk;
use super::stays;
use crate::adopt::known;
use crate::adopt::project::{Image, Project};
use crate::adopt::{Decision, Kind, Topic};

/// Asks about images that the cluster can't get, or gets another of each time.
pub(super) fn settle(project: &mut Project, desk: &mut Desk<'_>) {
    let stays = stays(project, desk.options);
    for service in &mut project.services {
        let image = &mut service.image;
        let uid = known::of(&image.name).and_then(|known| known.uid).map(|uid| uid.to_string());
        if desk.options.to == Kind::K8s && image.default_user.is_none() {
            image.default_user = uid;
        }
        let is_local = image.build.is_some() || (image.local_id.is_some() && image.digest.is_none());
        if is_local && !stays {
            built(&service.name, image, desk);
        } else if !is_local && !image.pinned && moves(image) {
            moving(&service.name, image, desk);
        }
    }
}

/// Whether what the tag names changes: it holds no version.
fn moves(image: &Image) -> bool {
    match image.tag.as_deref() {
        None => true,
        Some(tag) => {
            let tag = tag.to_ascii_lowercase();
            let words = ["latest", "nightly", "edge", "stable", "rolling", "develop", "main", "master"];
            !tag.bytes().any(|byte| byte.is_ascii_digit())
                || tag.split(['-', '_', '.']).any(|part| words.contains(&part))
        }
    }
}

fn built(service: &str, image: &mut Image, desk: &mut Desk<'_>) {
    let decision = Decision::new(
        format!("{service}/image"),
        Some(service),
        Topic::Image,
        format!("No registry has the image of {service}. Where does the cluster get it from?"),
        &[("push", "it is pushed to a registry that the cluster reaches, before anything starts")],
    );
    let decision = match (&image.build, &image.local_id) {
        (Some(build), _) => decision.fact(format!("It is built from `{build}`.")),
        (None, Some(id)) => decision.fact(format!("Only the machine itself has it: {id}.")),
        _ => decision,
    };
    let decision =
        decision.fact("Answer with its name there, such as `registry.example.org/app:1.0`.").blocking();
    let chosen = desk.ask_or(decision, &[], is_reference);
    if chosen != "push" && desk.latest().is_some_and(|decision| decision.answered) {
        *image = Image { default_user: image.default_user.take(), ..read(&chosen) };
    }
}

fn moving(service: &str, image: &mut Image, desk: &mut Desk<'_>) {
    let tag = image.tag.as_deref().unwrap_or("latest");
    let digest = ("digest", "pin what runs now, so that the same runs there");
    let keep = ("tag", "keep the moving tag: what runs may change with each start");
    let choices: &[(&str, &str)] = if image.digest.is_some() { &[digest, keep] } else { &[keep] };
    let decision = Decision::new(
        format!("{service}/image"),
        Some(service),
        Topic::Image,
        format!(
            "{service} runs `{}:{tag}`, which names another image each time. Which one is meant?",
            image.name
        ),
        choices,
    );
    let decision = match &image.digest {
        Some(found) => decision.fact(format!("{found} runs now.")),
        None => decision
            .fact(format!(
                "What runs now is not known; `docker image inspect --format '{{{{index .RepoDigests 0}}}}' {}:{tag}` tells.",
                image.name
            ))
            .fact("Answer with `sha256:…` to pin it."),
    };
    let chosen = desk.ask_or(decision, &[], is_digest);
    match chosen.as_str() {
        "tag" => image.digest = None,
        "digest" => {}
        given => image.digest = Some(given.to_owned()),
    }
}

fn is_digest(answer: &str) -> bool {
    answer
        .strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// `REGISTRY/NAME:TAG`: with both, so that no slip of a word is taken for an image.
fn is_reference(answer: &str) -> bool {
    let plain = answer.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:@".contains(c));
    let image = read(answer);
    let is_digest = image.digest.as_deref().is_none_or(is_digest);
    plain
        && answer.contains('/')
        && !image.name.is_empty()
        && (image.tag.is_some() || image.digest.is_some())
        && is_digest
}

fn read(reference: &str) -> Image {
    let (rest, digest) = match reference.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest.to_owned())),
        None => (reference, None),
    };
    let (name, tag) = match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag.to_owned())),
        _ => (rest, None),
    };
    Image { name: name.to_owned(), tag, pinned: digest.is_some(), digest, ..Image::default() }
}

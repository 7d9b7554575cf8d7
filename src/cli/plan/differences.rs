//! What an item's row says otherwise than before, in the words of the columns. Never decides what becomes of the item.

use crate::domain::{Item, Request, Sources};
use crate::queue::Before;

/// What differs, in the order of the columns: `prompt`, `aspect_ratio`, `the content of photos/mug.jpg`. Nothing does where
/// a row that was gone is there again as it was.
pub(super) fn differences(before: &Before, item: &Item) -> Vec<String> {
    let mut what = changed_fields(&before.request, &item.request);
    if before.name != item.name {
        what.push("name".to_owned());
    }
    if before.request.references == item.request.references {
        what.extend(changed_contents(before.sources.as_ref(), item));
    }
    what
}

/// The columns whose values are others.
fn changed_fields(before: &Request, after: &Request) -> Vec<String> {
    let differs = [
        ("prompt", before.prompt != after.prompt),
        ("images", before.references != after.references),
        ("model", before.model != after.model),
        ("aspect_ratio", before.aspect_ratio != after.aspect_ratio),
        ("image_size", before.image_size != after.image_size),
        ("thinking", before.thinking != after.thinking),
        ("modalities", before.modalities != after.modalities),
        ("temperature", before.temperature != after.temperature),
        ("seed", before.seed != after.seed),
        ("system_instruction", before.system_instruction != after.system_instruction),
        ("safety", before.safety != after.safety),
        ("labels", before.labels != after.labels),
        ("extra", before.extra != after.extra),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(column, _)| column.to_owned()).collect()
}

/// The references that are called as before and hold something else.
fn changed_contents(before: Option<&Sources>, item: &Item) -> Vec<String> {
    let before = before.map_or(&[][..], |sources| &sources.0);
    let pairs = item.request.references.iter().zip(before.iter().zip(&item.sources.0));
    let changed = pairs.filter(|(_, (before, now))| before.is_some() && now.is_some() && before != now);
    changed.map(|(path, _)| format!("the content of {path}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AspectRatio, Digest, ItemId};

    #[test]
    fn what_differs_is_named_by_its_column_or_its_file() {
        let request = Request { references: vec!["a.jpg".into(), "b.jpg".into()], ..Request::new("m", "p") };
        let sources = |hashes: [&str; 2]| Sources(hashes.map(|hash| Some(hash.to_owned())).into());
        let before = Before { name: "mug".into(), request: request.clone(), sources: Some(sources(["1", "2"])) };
        let item = |request: Request, name: &str, hashes| Item {
            id: ItemId::new("mug"),
            name: name.into(),
            request,
            digest: Digest([0; 32]),
            sources: sources(hashes),
        };
        assert_eq!(differences(&before, &item(request.clone(), "mug", ["1", "2"])), [""; 0]);
        assert_eq!(differences(&before, &item(request.clone(), "cup", ["1", "3"])), ["name", "the content of b.jpg"]);
        let edited = Request { aspect_ratio: Some(AspectRatio::Square), prompt: "q".into(), ..request };
        assert_eq!(differences(&before, &item(edited, "mug", ["1", "2"])), ["prompt", "aspect_ratio"]);
    }
}

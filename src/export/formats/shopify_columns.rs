//! Which columns of a table Shopify reads as what. Never changes a name.

/// The columns of a shop's table that pictures are put into, and those that say whose they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ShopColumns {
    /// How many there are, the appended ones too.
    pub count: usize,
    /// The product's name in addresses; its rows share it.
    pub handle: Option<usize>,
    /// The product's name.
    pub title: Option<usize>,
    /// The picture's address.
    pub source: usize,
    /// Where it stands among the product's pictures.
    pub position: usize,
    /// What it shows, for those who cannot see it.
    pub alt_text: usize,
}

impl ShopColumns {
    /// Finds them among the names of a table, as Shopify has called them in either of its formats, and appends those
    /// for pictures that are not there.
    pub(super) fn of(names: &mut Vec<String>) -> Self {
        let is_newer = find(names, &["URL handle", "Product image URL"]).is_some();
        let mut find_or_append = |known: &[&str], older: &str, newer: &str| {
            find(names, known).unwrap_or_else(|| {
                names.push(if is_newer { newer } else { older }.to_owned());
                names.len() - 1
            })
        };
        let source = find_or_append(&["Image Src", "Product image URL"], "Image Src", "Product image URL");
        let position = find_or_append(&["Image Position"], "Image Position", "Image position");
        let alt_text = find_or_append(&["Image Alt Text"], "Image Alt Text", "Image alt text");
        let (handle, title) = (find(names, &["Handle", "URL handle"]), find(names, &["Title"]));
        Self { count: names.len(), handle, title, source, position, alt_text }
    }
}

/// The first column that has one of these names, however it is written.
fn find(names: &[String], known: &[&str]) -> Option<usize> {
    names.iter().position(|name| known.iter().any(|known| name.trim().eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> (ShopColumns, Vec<String>) {
        let mut names = names.iter().map(|&name| name.to_owned()).collect();
        (ShopColumns::of(&mut names), names)
    }

    #[test]
    fn columns_are_found_however_they_are_written() {
        let (columns, names) =
            found(&["TITLE", " url handle", "image alt text", "Product Image URL", "Image position "]);
        let expected = ShopColumns { count: 5, handle: Some(1), title: Some(0), source: 3, position: 4, alt_text: 2 };
        assert_eq!((columns, names.len()), (expected, 5));
    }

    #[test]
    fn what_is_missing_is_appended_by_the_names_that_the_table_goes_by() {
        let (columns, names) = found(&["Handle", "Image Src"]);
        assert_eq!(names, ["Handle", "Image Src", "Image Position", "Image Alt Text"]);
        assert_eq!((columns.source, columns.position, columns.alt_text, columns.title), (1, 2, 3, None));
        let (_, names) = found(&["URL handle"]);
        assert_eq!(names, ["URL handle", "Product image URL", "Image position", "Image alt text"]);
    }
}

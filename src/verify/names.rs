//! Names of files that something was found of: counted, and as many kept as are told. Never keeps a million for a page
//! that shows twenty.

/// Some names, and how many there are.
#[derive(Debug)]
pub struct Names {
    count: u64,
    kept: Vec<String>,
    most: Option<usize>,
}

impl Names {
    /// None yet; of those to come the first by the alphabet are kept, so many, or all.
    pub(super) fn at_most(most: Option<usize>) -> Self {
        Self { count: 0, kept: Vec::new(), most }
    }

    pub(super) fn add(&mut self, name: String) {
        self.count += 1;
        self.kept.push(name);
        // Only now and then, so that it costs little.
        if let Some(most) = self.most
            && self.kept.len() >= 2 * most.max(1)
        {
            self.kept.sort_unstable();
            self.kept.truncate(most);
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Those that are kept, in the order of the alphabet.
    pub fn sorted(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.kept.iter().map(String::as_str).collect();
        names.sort_unstable();
        names.truncate(self.most.unwrap_or(usize::MAX));
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_the_first_are_kept() {
        let mut names = Names::at_most(Some(2));
        for name in ["d", "b", "e", "a", "c"] {
            names.add(name.to_owned());
        }
        assert_eq!((names.count(), names.sorted()), (5, vec!["a", "b"]));
    }
}

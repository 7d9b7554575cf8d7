//! Every combination of the values that a job lists. Never renders anything.

/// The most combinations: each is an item of every row.
pub const MOST: usize = 1000;

/// One key of `[matrix]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What templates call the value.
    pub name: String,
    /// The values in their order.
    pub values: Vec<AxisValue>,
}

/// One value of a key.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisValue {
    /// As it is written.
    pub text: String,
    /// As ids and names have it.
    pub suffix: String,
}

impl Axis {
    /// A key with these values. Those that would give the same id are told, by their numbers.
    pub fn new(name: String, values: Vec<String>) -> Result<Self, (usize, String)> {
        let mut axis = Self { name, values: Vec::new() };
        for (number, text) in values.into_iter().enumerate() {
            let slug = slug::slugify(&text);
            let suffix = if slug.is_empty() { (number + 1).to_string() } else { slug };
            if axis.values.iter().any(|value| value.suffix == suffix) {
                return Err((number, format!("`{text}` gives the same id as an earlier value; write another")));
            }
            axis.values.push(AxisValue { text, suffix });
        }
        Ok(axis)
    }
}

/// One value of each key, in the order of the keys.
pub type Combination<'a> = Vec<(&'a Axis, &'a AxisValue)>;

/// Every combination, the last key's values turning fastest; a single empty one where there are no keys.
pub fn combinations(axes: &[Axis]) -> Vec<Combination<'_>> {
    axes.iter().fold(vec![Vec::new()], |begun, axis| {
        let each = begun.iter().flat_map(|begun| axis.values.iter().map(move |value| (begun, value)));
        each.map(|(begun, value)| begun.iter().copied().chain([(axis, value)]).collect()).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_key_turns_fastest_and_suffixes_are_readable() {
        let axis = |name: &str, values: &[&str]| {
            Axis::new(name.into(), values.iter().map(|value| (*value).to_owned()).collect())
        };
        let axes = [axis("background", &["Light Oak", "!!"]).unwrap(), axis("angle", &["front", "top"]).unwrap()];
        let ids: Vec<String> = combinations(&axes)
            .iter()
            .map(|combination| combination.iter().map(|(_, value)| format!("-{}", value.suffix)).collect())
            .collect();
        assert_eq!(ids, ["-light-oak-front", "-light-oak-top", "-2-front", "-2-top"]);
        assert_eq!(combinations(&[]), [[]]);
        assert_eq!(axis("a", &["x y", "X-Y"]).unwrap_err().0, 1);
    }
}

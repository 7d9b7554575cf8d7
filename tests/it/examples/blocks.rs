//! The code blocks of a page, fenced and indented, and the commands within its sentences. Never judges them.

/// A code block.
#[derive(Debug)]
pub struct Block {
    /// The line of the page where it begins.
    pub line: usize,
    /// What stands behind its fence; nothing for one that is indented.
    pub kind: String,
    /// The paragraph before it.
    pub said: String,
    /// Its text, without the indentation.
    pub text: String,
}

impl Block {
    /// The file that is named right before it: "… as JSON Lines, `sets.jsonl`:".
    pub fn file(&self) -> Option<&str> {
        let named = self.said.strip_suffix("`:")?.rsplit('`').next()?;
        named.rsplit('/').next()?.contains('.').then_some(named)
    }

    /// Its first line.
    pub fn first(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }
}

/// Every code block of a page, in order.
pub fn blocks(page: &str) -> Vec<Block> {
    let lines: Vec<&str> = page.lines().collect();
    let (mut blocks, mut said, mut at) = (Vec::new(), String::new(), 0);
    while at < lines.len() {
        let start = at;
        let begins_indented = is_indented(lines[at]) && (at == 0 || lines[at - 1].is_empty());
        let (kind, inside) = if let Some(kind) = lines[at].strip_prefix("```") {
            let length = lines[at + 1..].iter().position(|line| *line == "```").expect("a fence that ends");
            at += length + 2;
            (kind.trim(), lines[start + 1..at - 1].to_vec())
        } else if begins_indented {
            at += lines[at..].iter().position(|line| !is_indented(line)).unwrap_or(lines.len() - at);
            ("", lines[start..at].iter().map(|line| line.trim_start()).collect())
        } else {
            match lines[at] {
                "" => (),
                line if at == 0 || lines[at - 1].is_empty() => said = line.to_owned(),
                line => said = format!("{said} {line}"),
            }
            at += 1;
            continue;
        };
        let said = std::mem::take(&mut said);
        blocks.push(Block { line: start + 1, kind: kind.to_owned(), said, text: inside.join("\n") });
    }
    blocks
}

fn is_indented(line: &str) -> bool {
    line.starts_with("    ")
}

/// The commands that stand in the sentences of a page: `overnight verify JOB --requeue`.
pub fn mentioned(page: &str) -> Vec<String> {
    let mut prose = page.to_owned();
    for block in blocks(page) {
        prose = prose.replace(&block.text, "");
    }
    let prose = prose.replace("```", "").split_whitespace().collect::<Vec<_>>().join(" ");
    let words = prose.split('`').skip(1).step_by(2);
    words.filter(|words| words.starts_with("overnight ")).map(str::to_owned).collect()
}

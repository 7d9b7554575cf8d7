//! How `[hooks]` is read. Never runs one.

use toml::de::DeTable;

use super::*;

fn told(text: &str) -> Result<Hooks, Vec<String>> {
    let (table, broken) = DeTable::parse_recoverable(text);
    assert!(broken.is_empty(), "{broken:?}");
    let read = read(table.get_ref().get("hooks").unwrap(), text);
    read.map_err(|wrong| wrong.into_iter().map(|(at, message)| format!("{}: {message}", at.start)).collect())
}

fn shell(line: &str) -> HookAct {
    HookAct::Shell(ShellLine(line.to_owned()))
}

fn program(words: &[&str]) -> HookAct {
    HookAct::Program(Words(words.iter().map(|word| (*word).to_owned()).collect()))
}

#[test]
fn a_hook_is_a_line_for_the_shell_words_for_none_or_an_address_and_a_list_has_several() {
    let text = "[hooks]\n\
                on_success = 'notify-send \"all done\"'\n\
                on_item = { command = ['./item', '--quick'], timeout = '5s' }\n\
                on_failure = [\n\
                \x20 'mail -s failed me@example.com',\n\
                \x20 ['logger', 'failed'],\n\
                \x20 'https://hooks.example.com/T0/s3cret',\n\
                \x20 { url = '$HOOK', method = 'put', headers = { Authorization = '$TOKEN', X-Team = 'north' } },\n\
                ]\n";
    let hooks = told(text).unwrap();
    assert_eq!(
        hooks.on_success,
        [Hook { act: shell("notify-send \"all done\""), timeout: None, place: Place::new(2, 14) }]
    );
    let five = Some(Duration::from_secs(5));
    assert_eq!(hooks.on_item, [Hook { act: program(&["./item", "--quick"]), timeout: five, place: Place::new(3, 11) }]);
    assert_eq!(hooks.on_failure.iter().map(|hook| hook.place.line).collect::<Vec<_>>(), [5, 6, 7, 8]);
    assert_eq!(hooks.on_failure[0].act, shell("mail -s failed me@example.com"));
    assert_eq!(hooks.on_failure[1].act, program(&["logger", "failed"]));
    assert!(matches!(&hooks.on_failure[2].act, HookAct::Request { method: HookMethod::Post, .. }));
    assert!(matches!(&hooks.on_failure[3].act, HookAct::Request { method: HookMethod::Put, .. }));
    let shown = format!("{hooks:?}");
    for hidden in ["s3cret", "all done", "--quick", "me@example.com", "HOOK", "TOKEN", "north"] {
        assert!(!shown.contains(hidden), "{hidden}: {shown}");
    }
}

#[test]
fn a_list_that_may_be_one_command_or_several_hooks_is_asked_about() {
    for text in ["['notify-send', 'done']", "['curl', 'https://a.b']", "['./a.sh', './b.sh']", "['mail', '-s', 'a b']"]
    {
        let wrong = told(&format!("hooks.on_success = {text}")).unwrap_err();
        assert!(wrong.len() == 1 && wrong[0].starts_with("19: `hooks.on_success`: is this one command"), "{wrong:?}");
    }
    for (text, hooks) in [
        ("['./a.sh']", 1),
        ("['echo a', 'b']", 2),
        ("['https://a.b', './b.sh']", 2),
        ("[['a', 'b']]", 1),
        ("[{ command = './a.sh' }, { command = './b.sh' }]", 2),
        ("[]", 0),
    ] {
        assert_eq!(told(&format!("hooks.on_success = {text}")).unwrap().on_success.len(), hooks, "{text}");
    }
}

#[test]
fn every_mistake_is_told_at_its_place_and_repeats_no_value() {
    for (text, expected) in [
        ("hooks = 's3cret'", "8: `hooks`: write a table, like [hooks]"),
        ("hooks.on_sucess = 's3cret'", "6: `hooks`: unknown key `on_sucess`; did you mean `on_success`?"),
        ("hooks.on-failure = 's3cret'", "6: `hooks`: unknown key `on-failure`; did you mean `on_failure`?"),
        ("hooks.finally = 's3cret'", "6: `hooks`: unknown key `finally`; the keys are on_success, on_failure, on_item"),
        ("hooks.on_item = 7", "16: `hooks.on_item`: write a command like"),
        ("hooks.on_item = ''", "16: `hooks.on_item`: the command is empty"),
        ("hooks.on_item = [[]]", "17: `hooks.on_item`: the command is empty"),
        ("hooks.on_item = [['s3cret', 7]]", "17: `hooks.on_item`: a command's words are text"),
        ("hooks.on_item = 'htps://s3cret'", "16: `hooks.on_item`: this is not an address: it does not begin with"),
        ("hooks.on_item = {}", "16: `hooks.on_item`: write a command like"),
        ("hooks.on_item = { timeout = '5s' }", "16: `hooks.on_item`: write a command like"),
        ("hooks.on_item = { comand = 's3cret' }", "18: `hooks.on_item`: unknown key `comand`; did you mean `command`?"),
        ("hooks.on_item = { command = '$SECRET' }", "28: `hooks.on_item`: this is an address; write it as url"),
        ("hooks.on_item = { command = 'https://s3cret' }", "28: `hooks.on_item`: this is an address; write it as url"),
        ("hooks.on_item = { command = 's3cret', timeout = 5 }", "48: `hooks.on_item`: a time is text with its unit"),
        ("hooks.on_item = { command = 's3cret', timeout = '5' }", "48: `hooks.on_item`: `5` is not a length of time"),
        ("hooks.on_item = { command = 'a', headers = {} }", "33: `hooks.on_item`: only an address has headers"),
        ("hooks.on_item = { command = 'a', url = 'https://a.b' }", "33: `hooks.on_item`: a hook is a command or"),
        ("hooks.on_item = { url = 's3cret' }", "24: `hooks.on_item`: this is not an address"),
        ("hooks.on_item = { url = 'https://a.b', method = 's3cret' }", "48: `hooks.on_item`: the method is \"POST\""),
        ("hooks.on_item = { url = 'https://a.b', headers = 's3cret' }", "49: `hooks.on_item`: headers are a table"),
        (
            "hooks.on_item = { url = 'https://a.b', headers = { X-A = 7 } }",
            "51: `hooks.on_item`: a header's value must",
        ),
        (
            "hooks.on_item = { url = 'https://a.b', headers = { Host = 's3cret' } }",
            "51: `hooks.on_item`: the header `host`",
        ),
    ] {
        let wrong = told(text).unwrap_err();
        assert!(wrong.len() == 1 && wrong[0].starts_with(expected), "{text}: {wrong:?}");
        assert!(!wrong[0].contains("s3cret"), "{text}: {wrong:?}");
    }
}

#[test]
fn what_is_right_of_hooks_can_be_had_beside_what_is_wrong() {
    let text = "hooks.on_failure = ['echo a', 7, { command = 'b' }]\nhooks.on_succes = 'c'";
    let (table, _) = DeTable::parse_recoverable(text);
    let hooks = salvaged(table.get_ref().get("hooks").unwrap(), text);
    assert_eq!(hooks.on_failure.into_iter().map(|hook| hook.act).collect::<Vec<_>>(), [shell("echo a"), shell("b")]);
}

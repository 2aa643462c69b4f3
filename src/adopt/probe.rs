//! Health checks as what a cluster asks by itself: a request, a connection, or a command.
//!
//! Only what surely means the same is turned: one `curl`, `wget` or `nc` to the container itself, with options that are
//! known and change nothing about the answer. All else stays the command that it is.

use super::project::{Health, HealthTest};

/// The test of a health check in the form that is asked from outside where it can be: `curl -f http://localhost:8000/x`
/// is a request.
///
/// `curl` without `--fail` is content with any answer: on a page of its own (`/health`) that was hardly meant and it is
/// a request, on `/` (which may well ask for a password) it is a connection.
#[must_use]
pub fn from_outside(health: &Health) -> HealthTest {
    let turned = match &health.test {
        HealthTest::Exec(words) => of_words(words),
        HealthTest::Shell(line) => of_line(line),
        HealthTest::Http { .. } | HealthTest::Tcp(_) | HealthTest::Off => None,
    };
    turned.unwrap_or_else(|| health.test.clone())
}

/// The line that a shell runs, where these words are a shell with one.
#[must_use]
pub fn shell_line(words: &[String]) -> Option<&str> {
    let [program, flags, line, ..] = words else { return None };
    let is_shell = matches!(base(program), "sh" | "bash" | "ash" | "dash" | "busybox");
    let runs_line = flags.starts_with('-') && !flags.starts_with("--") && flags.ends_with('c');
    (is_shell && runs_line).then_some(line.as_str())
}

fn of_words(words: &[String]) -> Option<HealthTest> {
    if let Some(line) = shell_line(words) {
        return of_line(line);
    }
    let (program, arguments) = words.split_first()?;
    match base(program) {
        "curl" => curl(arguments),
        "wget" => wget(arguments),
        "nc" | "ncat" | "netcat" => netcat(arguments),
        "timeout" => {
            of_words(arguments.iter().position(|word| !is_duration(word)).map(|at| &arguments[at..])?)
        }
        _ => None,
    }
}

/// A line of shell: one plain command, what becomes of its output apart.
fn of_line(line: &str) -> Option<HealthTest> {
    let mut line = line.trim();
    for end in ["|| exit 1", "||exit 1", "|| exit 2", "|| false", "|| return 1", "; exit $?"] {
        line = line.strip_suffix(end).unwrap_or(line).trim_end();
    }
    if let Some(test) = dev_tcp(line) {
        return Some(test);
    }
    of_words(&plain_words(&without_output(line))?)
}

/// The line without `>/dev/null`, `2>&1` and the like.
fn without_output(line: &str) -> String {
    let mut line = line.to_owned();
    for quiet in ["&>/dev/null", "&> /dev/null", "2>&1", "1>&2"] {
        line = line.replace(quiet, " ");
    }
    for end in ["2>/dev/null", "2> /dev/null", "1>/dev/null", "1> /dev/null", ">/dev/null", "> /dev/null"] {
        line = line.replace(end, " ");
    }
    line
}

/// The words of a command in which the shell has nothing to do.
fn plain_words(line: &str) -> Option<Vec<String>> {
    let (mut single, mut double) = (false, false);
    for c in line.chars() {
        match c {
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            '$' | '`' if !single => return None,
            '|' | ';' | '&' | '<' | '>' | '(' | ')' | '{' | '}' | '*' | '\n' if !single && !double => {
                return None;
            }
            _ => {}
        }
    }
    shell_words::split(line).ok()
}

/// A connection by bash alone: `echo > /dev/tcp/localhost/80`, and nothing said over it.
fn dev_tcp(line: &str) -> Option<HealthTest> {
    let line = without_output(line);
    let line = line.trim().trim_start_matches('(').trim_end_matches(')').trim();
    let (before, address) = line.split_once("/dev/tcp/")?;
    let opens = before.trim_end().trim_end_matches(['<', '>', '3', '4', '5', '6', '7', '8', '9']).trim_end();
    if !matches!(opens, "" | ":" | "echo" | "exec" | "cat" | "true" | "printf ''" | "echo ''" | "echo \"\"") {
        return None;
    }
    let (host, port) = address.trim_end_matches(['\'', '"']).trim().split_once('/')?;
    if is_local(host) { port.parse().ok().map(HealthTest::Tcp) } else { None }
}

/// Options of `curl` that take a value and mean nothing for whether it is well.
const CURL_VALUES: &str = "-o -m -A --output --max-time --connect-timeout --retry --retry-delay --retry-max-time \
    --user-agent --stderr --max-redirs";
/// Options of `curl` without a value, likewise.
const CURL_FLAGS: &str = "-f -s -S -L -k -v -I -i -N -g -4 -6 -q -O -n -# --fail --fail-with-body --fail-early \
    --silent --show-error --location --insecure --verbose --head --include --no-buffer --globoff --ipv4 --ipv6 \
    --compressed --http1.1 --http1.0 --http2 --retry-connrefused --retry-all-errors --no-progress-meter \
    --progress-bar --no-keepalive --disable";

fn curl(arguments: &[String]) -> Option<HealthTest> {
    let given = Given::parse(arguments, CURL_FLAGS, CURL_VALUES, "-X --request")?;
    if given.values.iter().any(|method| method != "GET" && method != "HEAD") {
        return None;
    }
    let test = request(&given)?;
    let fails = given.flags.iter().any(|flag| flag == "-f" || flag.starts_with("--fail"));
    match test {
        HealthTest::Http { port, path, .. } if !fails && path == "/" => Some(HealthTest::Tcp(port)),
        test => Some(test),
    }
}

/// Options of `wget` (GNU's and BusyBox's) that take a value and mean nothing for whether it is well.
const WGET_VALUES: &str = "-O -o -T -t -Y -U -w -e -P -a --timeout --tries --output-document --output-file --waitretry \
    --wait --connect-timeout --read-timeout --dns-timeout --user-agent --max-redirect --directory-prefix";
/// Options of `wget` without a value, likewise.
const WGET_FLAGS: &str = "-q -S -c -v -d -4 -6 --quiet --spider --no-verbose --no-check-certificate --server-response \
    --verbose --no-cache --no-hsts --continue --inet4-only --inet6-only --retry-connrefused --no-proxy --no-netrc";

fn wget(arguments: &[String]) -> Option<HealthTest> {
    // Its one long option with a single dash, and its only ones of two letters, so that letters can be taken apart.
    let arguments: Vec<String> = arguments
        .iter()
        .filter(|word| !matches!(word.as_str(), "-nv" | "-nc" | "-nd" | "-spider"))
        .cloned()
        .collect();
    request(&Given::parse(&arguments, WGET_FLAGS, WGET_VALUES, "")?)
}

fn netcat(arguments: &[String]) -> Option<HealthTest> {
    let given = Given::parse(arguments, "-z -v -n -4 -6", "-w -G -i", "")?;
    let [host, port] = given.rest.as_slice() else { return None };
    let only_connects = given.flags.iter().any(|flag| flag == "-z");
    if only_connects && is_local(host) { port.parse().ok().map(HealthTest::Tcp) } else { None }
}

/// The arguments of a command, taken apart.
#[derive(Default)]
struct Given {
    flags: Vec<String>,
    /// The values of the options that matter.
    values: Vec<String>,
    rest: Vec<String>,
}

impl Given {
    /// `None` where an option is not known: it could change what is asked.
    fn parse(arguments: &[String], flags: &str, ignored: &str, kept: &str) -> Option<Self> {
        let is = |list: &str, option: &str| list.split_whitespace().any(|known| known == option);
        let mut given = Self::default();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            if let Some((option, value)) = word.split_once('=').filter(|_| word.starts_with("--")) {
                match () {
                    () if is(ignored, option) => {}
                    () if is(kept, option) => given.values.push(value.to_owned()),
                    () => return None,
                }
            } else if word.starts_with("--") && word.len() > 2 {
                match () {
                    () if is(flags, word) => given.flags.push(word.clone()),
                    () if is(ignored, word) => drop(words.next()?),
                    () if is(kept, word) => given.values.push(words.next()?.clone()),
                    () => return None,
                }
            } else if word.starts_with('-') && word.len() > 1 {
                let letters = &word[1..];
                for (at, letter) in letters.char_indices() {
                    let option = format!("-{letter}");
                    if is(flags, &option) {
                        given.flags.push(option);
                        continue;
                    }
                    let attached = &letters[at + letter.len_utf8()..];
                    let value = if attached.is_empty() { words.next()?.clone() } else { attached.to_owned() };
                    match () {
                        () if is(ignored, &option) => {}
                        () if is(kept, &option) => given.values.push(value),
                        () => return None,
                    }
                    break;
                }
            } else {
                given.rest.push(word.clone());
            }
        }
        Some(given)
    }
}

/// The request for the one address that is given.
fn request(given: &Given) -> Option<HealthTest> {
    let [url] = given.rest.as_slice() else { return None };
    if url.contains(['$', '@', '{', '[', ' ']) && !url.contains("[::1]") {
        return None;
    }
    let lower = url.to_ascii_lowercase();
    let (tls, rest) = if lower.starts_with("https://") {
        (true, &url[8..])
    } else if lower.starts_with("http://") {
        (false, &url[7..])
    } else if url.contains("://") {
        return None;
    } else {
        (false, url.as_str())
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, if tls { 443 } else { 80 }),
    };
    if !is_local(host) || port == 0 {
        return None;
    }
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Some(HealthTest::Http { port, path, tls })
}

/// Whether that is the container itself.
fn is_local(host: &str) -> bool {
    matches!(host, "localhost" | "[::1]" | "::1" | "0.0.0.0" | "ip6-localhost") || host.starts_with("127.")
}

fn is_duration(word: &str) -> bool {
    word.starts_with('-') || word.starts_with(|c: char| c.is_ascii_digit())
}

/// The name of a program without its folder.
fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(test: HealthTest) -> HealthTest {
        from_outside(&Health {
            test,
            interval: None,
            timeout: None,
            retries: None,
            start_period: None,
            from_image: false,
        })
    }

    fn shell(line: &str) -> HealthTest {
        of(HealthTest::Shell(line.into()))
    }

    fn http(port: u16, path: &str) -> HealthTest {
        HealthTest::Http { port, path: path.into(), tls: false }
    }

    #[test]
    fn a_request_to_the_container_itself_is_asked_from_outside() {
        for (line, test) in [
            ("curl -f http://localhost:8000/health", http(8000, "/health")),
            ("curl -fsS http://127.0.0.1:8096/health || exit 1", http(8096, "/health")),
            ("curl --fail -so /dev/null localhost:80 || exit 1", http(80, "/")),
            ("/usr/bin/curl -fm5 'http://[::1]:9000/a?b=1&c=2' >/dev/null 2>&1", http(9000, "/a?b=1&c=2")),
            (
                "wget --no-verbose --tries=1 --spider http://localhost/api/ping || exit 1",
                http(80, "/api/ping"),
            ),
            ("wget -nv -t1 --spider 'http://localhost:3000'", http(3000, "/")),
            ("wget -qO- http://127.0.0.1:1234/up &>/dev/null", http(1234, "/up")),
            ("timeout 5s wget -q -O /dev/null http://0.0.0.0:5055/", http(5055, "/")),
            ("curl -X GET -f http://localhost:5000/v", http(5000, "/v")),
            ("curl -s http://localhost:8080/ready", http(8080, "/ready")),
            ("curl -s http://localhost:8080", HealthTest::Tcp(8080)),
            ("curl -kf https://localhost/x", HealthTest::Http { port: 443, path: "/x".into(), tls: true }),
        ] {
            assert_eq!(shell(line), test, "{line}");
        }
        let words = ["CMD", "wget", "-q", "--spider", "http://localhost:80/x"];
        let words: Vec<String> = words[1..].iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(of(HealthTest::Exec(words)), http(80, "/x"));
        let words = ["/bin/sh", "-c", "curl -f http://localhost:80/x || exit 1"].map(str::to_owned);
        assert_eq!(of(HealthTest::Exec(words.to_vec())), http(80, "/x"));
    }

    #[test]
    fn a_connection_to_the_container_itself_is_made_from_outside() {
        for line in [
            "nc -z localhost 5432",
            "nc -zv -w 3 127.0.0.1 5432 || exit 1",
            "bash -c '</dev/tcp/127.0.0.1/5432'",
            "timeout 10s bash -c ':> /dev/tcp/127.0.0.1/5432' || exit 1",
            "echo > /dev/tcp/localhost/5432",
            "(echo >/dev/tcp/localhost/5432) &>/dev/null || exit 1",
            "exec 3<>/dev/tcp/127.0.0.1/5432",
        ] {
            assert_eq!(shell(line), HealthTest::Tcp(5432), "{line}");
        }
    }

    #[test]
    fn what_could_mean_something_else_stays_a_command() {
        for line in [
            "pg_isready -U postgres",
            "curl -f http://db:5432/",
            "curl -f http://localhost/a && curl -f http://localhost/b",
            "curl -s http://localhost/a | grep -q ok",
            "curl -f http://localhost:$PORT/",
            "curl -f http://localhost:$(PORT)/",
            "curl -f -H 'X-Token: 1' http://localhost/",
            "curl -f -u a:b http://localhost/",
            "curl -f http://a:b@localhost/",
            "curl -f -d x=1 http://localhost/",
            "curl -f --unix-socket /run/x.sock http://localhost/",
            "curl -fX POST http://localhost/",
            "curl -f http://localhost:99999/",
            "nc -zu localhost 53",
            "nc localhost 53",
            "exec 3<>/dev/tcp/127.0.0.1/80 && echo GET >&3",
            "curl -f 'http://localhost/",
            "curl",
            "",
        ] {
            assert_eq!(shell(line), HealthTest::Shell(line.into()), "{line}");
        }
        assert_eq!(of(HealthTest::Exec(Vec::new())), HealthTest::Exec(Vec::new()));
        assert_eq!(of(HealthTest::Off), HealthTest::Off);
    }
}

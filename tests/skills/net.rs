//! `http-endpoints` and `tls-expiry`.

use crate::bench::Bench;

/// A curl that knows a few hosts.
const CURL: &str = r#"for url in "$@"; do :; done
case $url in
  http://slow.lan*) echo '200 7.402113';;
  http://nas.lan*) echo '200 0.031412';;
  http://login.lan*) echo '401 0.018220';;
  http://broken.lan*) echo '502 0.009931';;
  https://self.lan*) printf '%s\n' 'curl: (60) SSL certificate problem: self-signed certificate' 'More details here: https://curl.se/docs/sslcerts.html' '' 'curl failed to verify the legitimacy of the server and therefore could not' >&2; echo '000 0.022622'; exit 60;;
  *) echo "curl: (7) Failed to connect to gone.lan port 80 after 0 ms: Couldn't connect to server" >&2; echo '000 0.000301'; exit 7;;
esac"#;

fn http(endpoints: &str) -> Bench {
    Bench::new("http-endpoints").stub("curl", CURL).set("ENDPOINTS", endpoints)
}

#[test]
fn an_endpoint_that_answers_is_ok_and_timed() {
    let report = http("http://nas.lan:5000/").run();
    report.about("http/nas.lan:5000").says("OK", "", "http://nas.lan:5000/ answers (200");
    report.measures(r#"http_ok{endpoint="nas.lan:5000"} 1"#);
    report.measures(r#"http_response_seconds{endpoint="nas.lan:5000"} 0.031412"#);
}

#[test]
fn a_login_page_is_an_answer_a_slow_one_is_action_and_an_error_is_a_problem() {
    let report =
        http("http://login.lan\n  http://slow.lan http://broken.lan web=http://gone.lan https://self.lan")
            .run();
    assert_eq!(
        report.targets(),
        ["http/login.lan", "http/slow.lan", "http/broken.lan", "http/web", "http/self.lan"]
    );
    assert!(report.about("http/login.lan").is_ok());
    report.about("http/slow.lan").says("ACTION", "http-slow", "took 7.402113 s");
    report.about("http/broken.lan").says("PROBLEM", "http-down", "answers with error 502");
    let gone = report.about("http/web").says("PROBLEM", "http-down", "Failed to connect to gone.lan");
    assert_eq!(gone.label("url"), "http://gone.lan");
    report.measures(r#"http_ok{endpoint="web"} 0"#);
    report.about("http/self.lan").says(
        "PROBLEM",
        "http-down",
        "fetched: SSL certificate problem: self-signed certificate",
    );
}

#[test]
fn a_password_or_a_key_in_a_url_stays_out_of_the_report() {
    let report = http("http://me:hunter2@gone.lan/api?apikey=s3cret http://nas.lan/?token=s3cret").run();
    assert!(!report.text.contains("hunter2") && !report.text.contains("s3cret"), "{}", report.text);
    assert_eq!(report.targets(), ["http/gone.lan_api", "http/nas.lan"]);
}

#[test]
fn what_is_no_url_is_unknown_and_does_not_become_a_flag() {
    http("--config=/etc/shadow").run().only().says("UNKNOWN", "", "no URL");
}

#[test]
fn nothing_configured_is_ok_even_without_the_tool() {
    Bench::new("http-endpoints").run().only().says("OK", "", "no endpoints configured");
    Bench::new("tls-expiry").run().only().says("OK", "", "no hosts configured");
}

#[test]
fn a_missing_tool_is_unknown() {
    Bench::new("http-endpoints").set("ENDPOINTS", "http://nas.lan").run().only().says(
        "UNKNOWN",
        "",
        "curl is missing",
    );
    Bench::new("tls-expiry").set("HOSTS", "nas.lan").run().only().says("UNKNOWN", "", "openssl is missing");
}

/// An openssl whose certificate ends in so many seconds.
fn tls(hosts: &str, seconds_left: i64) -> Bench {
    let openssl = format!(
        r#"case $* in
  s_client*nas.lan*) cat $F/net/s_client-nas.txt;;
  s_client*) cat $F/net/s_client-refused.txt >&2; exit 1;;
  x509*-enddate) grep -q 'BEGIN CERTIFICATE' || exit 1; echo 'notAfter=Feb 19 09:20:48 2027 GMT';;
  x509*-checkend*) for n in "$@"; do :; done; [ "$n" -lt {seconds_left} ];;
esac"#
    );
    Bench::new("tls-expiry").stub("openssl", &openssl).set("HOSTS", hosts)
}

#[test]
fn a_certificate_is_ok_then_action_then_a_problem() {
    let day = 86_400;
    let fresh = tls("nas.lan", 15 * day).run();
    fresh.about("tls/nas.lan").says("OK", "", "nas.lan:443 is valid until Feb 19 09:20:48 2027 GMT");
    fresh.measures(r#"tls_expires_timestamp_seconds{host="nas.lan"} 1803028848"#);
    tls("nas.lan", 13 * day).run().only().says("ACTION", "tls-expiring", "expires on Feb 19");
    tls("nas.lan", -1).run().only().says("PROBLEM", "tls-expired", "expired on Feb 19");
    tls("nas.lan", 13 * day).set("WARN_DAYS", "7").run().only().says("OK", "", "valid until");
}

#[test]
fn a_server_that_gives_no_certificate_is_unknown_not_expired() {
    let report = tls("nas.lan:8443 mail.lan:993", 86_400_000).run();
    assert!(report.about("tls/nas.lan:8443").is_ok());
    let mail = report.about("tls/mail.lan:993").says("UNKNOWN", "", "mail.lan:993 gave no certificate");
    mail.shows("Connection refused");
}

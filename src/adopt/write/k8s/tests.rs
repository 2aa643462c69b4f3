//! What is written for whole services, as a person reads it.

use super::*;
use crate::adopt::project::{Value, *};
use crate::adopt::settle::PublicName;

/// A project of these services.
pub(in crate::adopt) fn settled(services: Vec<Service>) -> Settled {
    let project = Project {
        name: "paperless".into(),
        services,
        host: Some("vm3".into()),
        origin: Origin::Inspect,
        ..Project::default()
    };
    Settled { project, decisions: Vec::new(), public: Vec::new() }
}

pub(in crate::adopt) fn port(container: u16, protocol: Protocol, host: Option<u16>) -> Port {
    Port { container, protocol, host, host_ip: None }
}

pub(in crate::adopt) fn mount(target: &str, source: MountSource, fate: Fate) -> Mount {
    Mount {
        target: target.into(),
        source,
        read_only: false,
        subpath: None,
        propagation: None,
        seen: Seen::default(),
        fate,
    }
}

pub(in crate::adopt) fn claim(name: &str) -> Fate {
    Fate::Claim(Claim { name: name.into(), bytes: 10 << 30, shared: false, local_only: false })
}

pub(in crate::adopt) fn service(name: &str, image: &str) -> Service {
    let image = Image { name: image.into(), tag: Some("1.2".into()), ..Image::default() };
    Service { name: name.into(), image, restart: Restart::Always, ..Service::default() }
}

pub(in crate::adopt) fn public(service: &str, host: &str, port: u16) -> PublicName {
    PublicName { service: service.into(), host: host.into(), path: None, port, from: "label".into() }
}

pub(in crate::adopt) fn health(test: HealthTest) -> Health {
    Health {
        test,
        interval: Some(30),
        timeout: Some(10),
        retries: Some(5),
        start_period: None,
        from_image: false,
    }
}

/// A project with a bit of everything.
pub(in crate::adopt) fn paperless() -> Settled {
    let mut web = service("web", "ghcr.io/paperless-ngx/paperless-ngx");
    web.image.digest = Some(format!("sha256:{}", "ab".repeat(32)));
    web.env.insert("PAPERLESS_REDIS".into(), Value::Text("redis://broker:6379".into()));
    web.env.insert("PAPERLESS_OCR".into(), Value::Text("on".into()));
    web.env.insert("PAPERLESS_SECRET_KEY".into(), Value::Secret);
    web.ports.push(port(8000, Protocol::Tcp, Some(8010)));
    web.health = Some(health(HealthTest::Shell("curl -fs http://localhost:8000 || exit 1".into())));
    web.mounts.push(mount("/usr/src/paperless/data", MountSource::Volume("data".into()), claim("data")));
    web.mounts.push(mount("/etc/x.conf", MountSource::Bind("/srv/my x.conf".into()), Fate::Config));
    web.limits.memory = Some(1 << 30);
    web.usage = Usage { cpu_milli: Some(120), memory: Some(300_000_000) };
    web.user = Some("1000:1000".into());
    web.container = Some("paperless-web-1".into());
    let mut broker = service("broker", "redis");
    broker.env.insert("REDIS_PASSWORD".into(), Value::Secret);
    broker.command = Some(["redis-server", "--requirepass", "$(REDIS_PASSWORD)"].map(str::to_owned).to_vec());
    broker.ports.push(port(6379, Protocol::Tcp, None));
    let mut settled = settled(vec![broker, web]);
    settled.public.push(public("web", "paperless.example.org", 8000));
    settled
}

pub(in crate::adopt) fn write(settled: &Settled) -> Written {
    super::write(settled, &Options::default())
}

#[test]
fn look() {
    let written = write(&paperless());
    for object in &written.objects {
        println!("---\n{}", object.text);
    }
    println!("{written:#?}");
}

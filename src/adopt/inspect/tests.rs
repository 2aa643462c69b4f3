use super::read;

#[test]
fn look() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/adopt/inputs");
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|f| f.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        println!("=== {}", file.file_name().unwrap().to_str().unwrap());
        match read("x", &text, None) {
            Ok(projects) => {
                for p in projects {
                    let mut v = serde_json::to_value(&p).unwrap();
                    fn prune(v: &mut serde_json::Value) {
                        match v {
                            serde_json::Value::Object(m) => {
                                m.values_mut().for_each(prune);
                                m.retain(|_, v| {
                                    !(v.is_null()
                                        || *v == serde_json::json!([])
                                        || *v == serde_json::json!({})
                                        || *v == serde_json::json!(false)
                                        || *v == "open")
                                });
                            }
                            serde_json::Value::Array(a) => a.iter_mut().for_each(prune),
                            _ => {}
                        }
                    }
                    prune(&mut v);
                    println!("{}", serde_yaml::to_string(&v).unwrap());
                }
            }
            Err(f) => f.iter().for_each(|f| println!("FAULT {f}")),
        }
    }
}

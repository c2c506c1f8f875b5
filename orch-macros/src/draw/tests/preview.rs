use super::graphs::*;
#[test]
fn preview() {
    for (name, d) in [("diamond", diamond()), ("checkout", checkout()), ("all", all_kinds()), ("l20x5", layered(20, 5)), ("l5x20", layered(5, 20)), ("thousand", layered(50, 20))] {
        let t = std::time::Instant::now();
        let svg = super::super::svg(&d);
        println!("{name}: {:?} {} bytes, {} a node", t.elapsed(), svg.len(), svg.len() / d.nodes.len());
        std::fs::write(format!("/tmp/p/{name}.svg"), svg).unwrap();
    }
}

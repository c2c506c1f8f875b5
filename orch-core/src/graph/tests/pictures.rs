use serde_json::{Value, json};

use super::super::*;
use super::specs::{CHECKOUT, DIAMOND, N_SHAPE, NESTED};

#[test]
fn mermaid() {
    assert_eq!(
        Graph::of(&CHECKOUT).to_mermaid(),
        include_str!("checkout.mmd")
    );
    assert_eq!(Graph::of(&NESTED).to_mermaid(), include_str!("nested.mmd"));
}

#[test]
fn dot() {
    assert_eq!(Graph::of(&CHECKOUT).to_dot(), include_str!("checkout.dot"));
    assert_eq!(Graph::of(&NESTED).to_dot(), include_str!("nested.dot"));
}

#[test]
fn plan() {
    assert_eq!(
        Graph::of(&CHECKOUT).plan().to_string(),
        include_str!("checkout.plan")
    );
    assert_eq!(
        Graph::of(&NESTED).plan().to_string(),
        include_str!("nested.plan")
    );
}

#[test]
fn a_plan_is_data_too() {
    let plan = serde_json::to_value(Graph::of(&CHECKOUT).plan()).unwrap();
    assert_eq!(plan["deadline"], "10m");
    assert_eq!(
        plan["critical_path"],
        json!(["rates", "quote", "charge", "ship"])
    );
    assert_eq!(
        plan["waves"][0]["nodes"][1]["calls"][0]["policies"]["timeout"],
        "10s"
    );
    assert_eq!(plan["waves"][2]["nodes"][1]["inner"][1]["label"], "else");
    assert_eq!(plan["finally"][0]["path"], "release-lock");
}

#[test]
fn the_longest_chain_leads_through_bodies_and_arms() {
    let path = Graph::of(&NESTED).plan().critical_path;
    assert_eq!(
        path,
        ["rows/a", "rows/cells/b", "rows/cells/c", "audit", "maybe/b"]
    );
}

#[test]
fn json() {
    let graph = serde_json::to_value(Graph::of(&CHECKOUT)).unwrap();
    let summary: Vec<(&str, Value)> = [
        ("name", json!("Checkout")),
        ("inputs", json!([{"name": "order", "type": "Order"}])),
        ("error", json!("CheckoutError")),
        ("deadline", json!("10m")),
        ("on_failure", json!("finish")),
        ("roots", json!(["rates", "stock"])),
        ("leaves", json!(["ship"])),
        ("depth", json!(4)),
        ("result", json!(["ship"])),
        ("contact", Value::Null),
    ]
    .into();
    for (key, value) in summary {
        assert_eq!(graph.get(key).unwrap_or(&Value::Null), &value, "{key}");
    }
    assert_eq!(
        graph["nodes"][3],
        json!({
            "name": "charge", "path": "charge", "kind": "step",
            "calls": [{"step": "charge-card", "params": [], "output": "()", "policies": {}}],
            "reads": ["quote"], "after": ["stock"], "rule": "all_success",
            "finally": false, "optional": false, "handled": false,
        })
    );
    assert_eq!(
        graph["nodes"][0]["calls"][0]["policies"],
        json!({"retries": 3, "cache": {"ttl": "10m", "tags": []}})
    );
    assert_eq!(graph["nodes"][4]["tolerate"], "5%");
    assert_eq!(
        graph["nodes"][4]["inner"][0]["nodes"][0]["path"],
        "parcels/pack"
    );
    assert_eq!(
        graph["edges"][1],
        json!({"from": "stock", "to": "charge", "kind": "order"})
    );

    let nested = serde_json::to_value(Graph::of(&NESTED)).unwrap();
    assert_eq!(
        (&nested["nodes"][1]["max"], &nested["nodes"][1]["every"]),
        (&json!(20), &json!("30s"))
    );
    assert_eq!(nested["nodes"][2]["calls"][0]["workflow"], "Diamond");
}

#[test]
fn an_inventory_says_who_owns_what() {
    let graphs = [&CHECKOUT, &NESTED, &DIAMOND, &N_SHAPE].map(Graph::of);
    let inventory: Inventory = graphs.into_iter().collect();
    assert_eq!(
        inventory.to_string(),
        "\
WORKFLOW  VERSION  OWNER     CONTACT           DOCS                        NODES  DEPRECATED
Checkout  1.2.0    payments  -                 -                           8      -
Nested    -        data      data@example.org  https://example.org/nested  6      use Flat
Diamond   -        -         -                 -                           4      -
NShape    -        -         -                 -                           4      -
"
    );
    let json = serde_json::to_value(&inventory).unwrap();
    assert_eq!(
        json[0],
        json!({"workflow": "Checkout", "version": "1.2.0", "owner": "payments", "nodes": 8})
    );
    assert_eq!(inventory.entries()[2].owner, "");
}

#[test]
fn the_svg_is_the_one_of_the_documentation() {
    assert_eq!(Graph::of(&CHECKOUT).to_svg(), CHECKOUT.svg);
}

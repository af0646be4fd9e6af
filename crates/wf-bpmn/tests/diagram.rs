//! Diagrams: what is drawn where, and what is refused.

use std::path::Path;

use wf_bpmn::diagram::{Bounds, Repetition, read};
use wf_bpmn::{ParseOptions, parse};

fn document(drawn: &str) -> String {
    format!(
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' xmlns:di='http://www.omg.org/spec/BPMN/20100524/DI' \
         xmlns:dc='http://www.omg.org/spec/DD/20100524/DC' xmlns:d='http://www.omg.org/spec/DD/20100524/DI'><process id='P'>\
         <startEvent id='s'><messageEventDefinition/></startEvent><task id='a' name='Ask' default='f'>\
         <multiInstanceLoopCharacteristics isSequential='true'/></task>\
         <textAnnotation id='t'><text> why &amp; how </text></textAnnotation>\
         <sequenceFlow id='sa' sourceRef='s' targetRef='a'/><sequenceFlow id='f' sourceRef='a' targetRef='a'/>\
         <sequenceFlow id='g' sourceRef='a' targetRef='a'><conditionExpression>x</conditionExpression></sequenceFlow></process>\n\
         <di:BPMNDiagram><di:BPMNPlane bpmnElement='P'>{drawn}</di:BPMNPlane></di:BPMNDiagram></definitions>"
    )
}

fn bounds(x: &str) -> String {
    format!("<dc:Bounds x='{x}' y='2' width='3' height='4'/>")
}

#[test]
fn shapes_and_edges_have_what_is_needed_to_draw_them() {
    let edge = |id: &str| {
        format!(
            "<di:BPMNEdge bpmnElement='{id}'><d:waypoint x='1' y='2'/><d:waypoint x='3' y='-4.5'/></di:BPMNEdge>"
        )
    };
    let shape = |id: &str| format!("<di:BPMNShape bpmnElement='{id}'>{}</di:BPMNShape>", bounds("1"));
    let text = document(&format!(
        "{}<di:BPMNShape bpmnElement='a'>{}<di:BPMNLabel>{}</di:BPMNLabel></di:BPMNShape>{}{}{}{}",
        shape("s"),
        bounds("5"),
        bounds("7"),
        shape("t"),
        shape("nothing"),
        edge("f"),
        edge("g")
    ));
    let diagram = read(text.as_bytes(), &ParseOptions::default()).expect("it is drawn");
    let [plane] = &diagram.planes[..] else { panic!("{diagram:?}") };
    let [s, a, t] = &plane.shapes[..] else { panic!("{plane:?}") };
    assert_eq!(
        (s.trigger.as_deref(), s.bounds),
        (Some("message"), Bounds { x: 1.0, y: 2.0, width: 3.0, height: 4.0 })
    );
    assert_eq!((a.element.name.as_str(), a.repetition), ("Ask", Some(Repetition::Sequential)));
    assert_eq!((a.label.map(|label| label.x), t.text.as_str()), (Some(7.0), "why & how"));
    let [f, g] = &plane.edges[..] else { panic!("{plane:?}") };
    assert_eq!(
        (&f.points[..], f.is_default, f.is_conditional),
        (&[[1.0, 2.0], [3.0, -4.5]][..], true, false)
    );
    assert_eq!((g.is_default, g.is_conditional), (false, true));
    // What runs does not depend on it.
    assert!(parse(text.as_bytes(), &ParseOptions::default()).is_ok());
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let check = |drawn: &str, expected: &str| {
        let errors = read(document(drawn).as_bytes(), &ParseOptions::default()).expect_err("refused");
        assert_eq!(errors[0].to_string(), expected);
    };
    check("", "1:1: the document has no diagram information (BPMNShape, BPMNEdge): there is nothing to draw");
    for x in ["", "wide", "1e7", "NaN", "inf"] {
        let shape = format!("<di:BPMNShape bpmnElement='s'>{}</di:BPMNShape>", bounds(x));
        check(&shape, &format!("2:77: Bounds: x=\"{x}\" is no coordinate of a drawing"));
    }
    assert!(read(b"hello", &ParseOptions::default()).is_err());
    let mut options = ParseOptions::default();
    options.document_bytes_max = 10;
    assert!(read(document("").as_bytes(), &options).is_err());
}

#[test]
fn every_model_of_ours_is_drawn() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the models are part of the workspace") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "bpmn") {
            let bytes = std::fs::read(&path).expect("a model");
            let diagram = read(&bytes, &ParseOptions::default()).expect("it is drawn");
            assert!(
                diagram.planes[0].shapes.len() > 5 && diagram.planes[0].edges.len() > 5,
                "{}",
                path.display()
            );
            count += 1;
        }
    }
    assert!(count >= 13);
}

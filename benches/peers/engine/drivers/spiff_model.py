"""A drawing of models/bench as SpiffWorkflow reads it."""

import os
import tempfile

from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser


def load(folder, name):
    with open(os.path.join(folder, name + ".bpmn"), encoding="utf-8") as file:
        text = file.read()
    # It has nodes called Start and End of its own. Its plain tasks do not wait; manual ones do. Conditions are Python.
    text = text.replace('="Start"', '="First"').replace('="End"', '="Last"')
    text = text.replace("<bpmn:task ", "<bpmn:manualTask ").replace("</bpmn:task>", "</bpmn:manualTask>")
    text = text.replace("=x = 0", "x == 0").replace("=i &lt; 3", "i &lt; 3")
    with tempfile.TemporaryDirectory() as temporary:
        path = os.path.join(temporary, name + ".bpmn")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        parser = BpmnParser()
        parser.add_bpmn_file(path)
        return parser.get_spec("Process_" + name)

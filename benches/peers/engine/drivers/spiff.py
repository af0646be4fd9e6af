"""SpiffWorkflow: every work item that is ready is run, then the engine takes its own steps, until the case has ended."""

import logging
import os
import sys
import tempfile

from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from serve import serve

logging.disable(logging.CRITICAL)
folder, name = sys.argv[1:]


def load():
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


spec = load()


def run_case(number):
    workflow = BpmnWorkflow(spec)
    workflow.task_tree.data.update(x=number % 2, i=0)
    workflow.do_engine_steps()
    completed = 0
    while not workflow.is_completed():
        for task in workflow.get_tasks(state=TaskState.READY, manual=True):
            if task.task_spec.bpmn_id == "L":
                task.data["i"] = task.data.get("i", 0) + 1
            task.run()
            completed += 1
        workflow.do_engine_steps()
    return completed


serve(run_case)

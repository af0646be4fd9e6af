"""SpiffWorkflow: every work item that is ready is run, then the engine takes its own steps, until the case has ended."""

import logging
import sys

from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from serve import serve
from spiff_model import load

logging.disable(logging.CRITICAL)
spec = load(*sys.argv[1:])


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

"""SpiffWorkflow: bytes that a case holds while it waits for its first work item, as Python's own tracer counts them."""

import gc
import importlib.metadata
import json
import logging
import sys
import tracemalloc

from SpiffWorkflow.bpmn.workflow import BpmnWorkflow

from spiff_model import load

logging.disable(logging.CRITICAL)
folder, name, cases = sys.argv[1], sys.argv[2], int(sys.argv[3])
spec = load(folder, name)


def start(number):
    workflow = BpmnWorkflow(spec)
    workflow.task_tree.data.update(x=number % 2, i=0)
    workflow.do_engine_steps()
    return workflow


# What is made once for all cases is made before they are counted.
warm = start(0)
gc.collect()
tracemalloc.start()
live = [start(number) for number in range(cases)]
gc.collect()
held, _ = tracemalloc.get_traced_memory()
assert not any(workflow.is_completed() for workflow in live)
print(json.dumps({"version": importlib.metadata.version("SpiffWorkflow"), "bytes_per_case": held / cases}))

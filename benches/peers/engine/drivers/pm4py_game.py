"""pm4py's token game: the net of each workflow, one enabled transition fired at a time."""

import sys

from pm4py.objects.petri_net import semantics
from pm4py.objects.petri_net.obj import Marking, PetriNet
from pm4py.objects.petri_net.utils.petri_utils import add_arc_from_to

from serve import serve

name = sys.argv[2]
net = PetriNet(name)
places = {}


def place(key):
    if key not in places:
        places[key] = PetriNet.Place(key)
        net.places.add(places[key])
    return places[key]


def transition(key, inputs, outputs, is_task=True):
    fresh = PetriNet.Transition(key, key if is_task else None)
    net.transitions.add(fresh)
    for key in inputs:
        add_arc_from_to(place(key), fresh, net)
    for key in outputs:
        add_arc_from_to(fresh, place(key), net)


if name == "seq10":
    for i in range(10):
        transition(f"t{i + 1}", [f"p{i}"], [f"p{i + 1}" if i < 9 else "end"])
elif name == "par4":
    transition("split", ["p0"], [f"a{i}" for i in range(1, 5)], False)
    for i in range(1, 5):
        transition(f"b{i}", [f"a{i}"], [f"d{i}"])
    transition("join", [f"d{i}" for i in range(1, 5)], ["end"], False)
else:
    transition("A", ["p0"], ["m"])
    transition("B", ["p0"], ["m"])
    transition("L", ["m"], ["y"])
    transition("again", ["y"], ["m"], False)
    transition("done", ["y"], ["end"], False)

first, last = Marking({place("p0"): 1}), Marking({place("end"): 1})


def choose(enabled, number, rounds):
    if name != "xorloop":
        return next(iter(enabled))
    by_name = {one.name: one for one in enabled}
    if "A" in by_name:
        return by_name["B" if number % 2 else "A"]
    if "L" in by_name:
        return by_name["L"]
    return by_name["again" if rounds < 3 else "done"]


def run_case(number):
    marking, completed, rounds = first, 0, 0
    while marking != last:
        chosen = choose(semantics.enabled_transitions(net, marking), number, rounds)
        marking = semantics.execute(chosen, net, marking)
        rounds += chosen.name == "L"
        completed += chosen.label is not None
    return completed


serve(run_case)

"""Small mutations of a program: each differs from it in one place, as a slip of the pen does."""

import ast
import copy
import itertools

SWAPPED = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.GtE,
    ast.NotEq: ast.Gt,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Is: ast.IsNot,
    ast.In: ast.NotIn,
}


def mutants(source, given=()):
    """Return {description: program} of all mutants of a program.

    The description is "before → after"; where the same stands in several places, they are numbered.
    ``given`` are the values that the function gets in a call of it; one mutant for each number
    among them has that number in the place of its argument.
    """
    tree = ast.parse(source)
    function = tree.body[-1]
    names = [argument.arg for argument in function.args.args]
    known = {name: value for name, value in zip(names, given) if isinstance(value, (int, float))}
    found = {}
    for place, node in enumerate(ast.walk(tree)):
        for change in _changes(node, known):
            mutant = copy.deepcopy(tree)
            target = next(n for k, n in enumerate(ast.walk(mutant)) if k == place)
            before = ast.unparse(target)
            change(target)
            program = ast.unparse(ast.fix_missing_locations(mutant))
            name = first = f"{before} → {ast.unparse(target)}"
            for number in itertools.count(2):
                if name not in found:
                    break
                name = f"{first} ({number})"
            found[name] = program
    return found


def _changes(node, known):
    """Yield functions that change a node of this kind in place."""
    if isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp)) and type(node.op) in SWAPPED:
        yield lambda node: setattr(node, "op", SWAPPED[type(node.op)]())
    if isinstance(node, ast.BinOp):
        yield lambda node: _become(node, node.left)
        yield lambda node: _become(node, node.right)
    if isinstance(node, ast.Compare):
        for k, op in enumerate(node.ops):
            if type(op) in SWAPPED:
                yield lambda node, k=k: node.ops.__setitem__(k, SWAPPED[type(node.ops[k])]())
    if isinstance(node, ast.UnaryOp):
        yield lambda node: _become(node, node.operand)
    if isinstance(node, ast.AugAssign):
        yield lambda node: _become(node, ast.Assign([node.target], node.value))
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield lambda node: setattr(node, "value", not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        yield lambda node: setattr(node, "value", node.value + 1)
        yield lambda node: setattr(node, "value", node.value - 1 if node.value else -1)
    if isinstance(node, ast.Call):
        for k, _ in enumerate(node.keywords):
            yield lambda node, k=k: node.keywords.pop(k)
        if len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
            yield lambda node: _become(node, node.args[0])
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in known:
        yield lambda node: _become(node, ast.Constant(known[node.id]))
    if isinstance(node, ast.Return) and not isinstance(node.value, ast.Constant | None):
        yield lambda node: setattr(node, "value", _call("round_to_two_decimals", node.value))


def _become(node, other):
    """Make ``node`` the same as ``other``; the nodes around it go on to hold it."""
    node.__class__ = other.__class__
    vars(node).clear()
    vars(node).update(vars(other))


def _call(name, value):
    return ast.Call(ast.Name(name, ast.Load()), [value], [])


def round_to_two_decimals(value):
    """Return plain data or an array with all its numbers rounded; anything else as it is."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(round_to_two_decimals, value))
    if isinstance(value, dict):
        return {key: round_to_two_decimals(part) for key, part in value.items()}
    return value.round(2) if hasattr(value, "round") else _rounded(value)


def _rounded(value):
    return round(value, 2) if isinstance(value, float) else value

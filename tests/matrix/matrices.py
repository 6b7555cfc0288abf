"""The scripts of tests/matrix/run: each function marked @matrix returns one."""

PAGE = 65536
MASK32 = (1 << 32) - 1
MASK64 = (1 << 64) - 1
OOB = 'out of bounds memory access'

# Accesses: name, value type, bytes of memory. Lanes have an immediate behind the memarg.
LOADS = [
    ('i32.load', 'i32', 4), ('i32.load8_s', 'i32', 1), ('i32.load8_u', 'i32', 1), ('i32.load16_s', 'i32', 2),
    ('i32.load16_u', 'i32', 2), ('i64.load', 'i64', 8), ('i64.load8_s', 'i64', 1), ('i64.load8_u', 'i64', 1),
    ('i64.load16_s', 'i64', 2), ('i64.load16_u', 'i64', 2), ('i64.load32_s', 'i64', 4), ('i64.load32_u', 'i64', 4),
    ('f32.load', 'f32', 4), ('f64.load', 'f64', 8), ('v128.load', 'v128', 16),
    ('v128.load8x8_s', 'v128', 8), ('v128.load8x8_u', 'v128', 8), ('v128.load16x4_s', 'v128', 8),
    ('v128.load16x4_u', 'v128', 8), ('v128.load32x2_s', 'v128', 8), ('v128.load32x2_u', 'v128', 8),
    ('v128.load8_splat', 'v128', 1), ('v128.load16_splat', 'v128', 2), ('v128.load32_splat', 'v128', 4),
    ('v128.load64_splat', 'v128', 8), ('v128.load32_zero', 'v128', 4), ('v128.load64_zero', 'v128', 8),
]
STORES = [
    ('i32.store', 'i32', 4), ('i32.store8', 'i32', 1), ('i32.store16', 'i32', 2), ('i64.store', 'i64', 8),
    ('i64.store8', 'i64', 1), ('i64.store16', 'i64', 2), ('i64.store32', 'i64', 4), ('f32.store', 'f32', 4),
    ('f64.store', 'f64', 8), ('v128.store', 'v128', 16),
]
LANE_LOADS = [(f'v128.load{8 * size}_lane', 16 // size - 1, size) for size in (1, 2, 4, 8)]
LANE_STORES = [(f'v128.store{8 * size}_lane', 16 // size - 1, size) for size in (1, 2, 4, 8)]
ATOMIC_FORMS = [('i32.atomic', '', 'i32', 4), ('i32.atomic', '8_u', 'i32', 1), ('i32.atomic', '16_u', 'i32', 2),
                ('i64.atomic', '', 'i64', 8), ('i64.atomic', '8_u', 'i64', 1), ('i64.atomic', '16_u', 'i64', 2),
                ('i64.atomic', '32_u', 'i64', 4)]
CHANGES = ['add', 'sub', 'and', 'or', 'xor', 'xchg']


def matrix(function):
    function.is_matrix = True
    return function


def signed(value, bits):
    return value - (1 << bits) if value >> (bits - 1) else value


def zero(kind):
    """A constant of a type that is no zero, so that a store is seen."""
    return {'i32': '(i32.const -1)', 'i64': '(i64.const -1)', 'f32': '(f32.const -1.5)', 'f64': '(f64.const -1.5)',
            'v128': '(v128.const i64x2 -1 -1)'}[kind]


def value_text(kind, number):
    return f'v128.const i64x2 {number} 0' if kind == 'v128' else f'{kind}.const {number}'


def accesses():
    """(name of a function, its body given address text and memarg text, bytes): every instruction that touches memory."""
    for op, _, size in LOADS:
        yield op, lambda at, arg, op=op: f'(drop ({op} {arg} {at}))', size
    for op, kind, size in STORES:
        yield op, lambda at, arg, op=op, kind=kind: f'({op} {arg} {at} {zero(kind)})', size
    for op, lane, size in LANE_LOADS:
        yield op, lambda at, arg, op=op, lane=lane: f'(drop ({op} {arg} {lane} {at} {zero("v128")}))', size
    for op, lane, size in LANE_STORES:
        yield op, lambda at, arg, op=op, lane=lane: f'({op} {arg} {lane} {at} {zero("v128")})', size
    for prefix, width, kind, size in ATOMIC_FORMS:
        op = f'{prefix}.load{width}'
        yield op, lambda at, arg, op=op: f'(drop ({op} {arg} {at}))', size
        op = f'{prefix}.store{width.removesuffix("_u")}'
        yield op, lambda at, arg, op=op, kind=kind: f'({op} {arg} {at} {zero(kind)})', size
        bits, suffix = width.removesuffix('_u'), '_u' if width else ''
        for change in CHANGES:
            op = f'{prefix}.rmw{bits}.{change}{suffix}'
            yield op, lambda at, arg, op=op, kind=kind: f'(drop ({op} {arg} {at} {zero(kind)}))', size
        op = f'{prefix}.rmw{bits}.cmpxchg{suffix}'
        yield op, lambda at, arg, op=op, kind=kind: f'(drop ({op} {arg} {at} {zero(kind)} {zero(kind)}))', size


def is_atomic(op):
    return '.atomic.' in op


def calls_of(name, kind, cases):
    """Assertions: (address, whether it is inside) for each case."""
    for address, inside in cases:
        call = f'(invoke "{name}" ({kind}.const {address:#x}))'
        yield f'(assert_return {call})' if inside else f'(assert_trap {call} "{OOB}")'


@matrix
def edges():
    """Each instruction on the last bytes of a memory, and one further; with the index in a register, as a constant, and
    with an offset. Pages of one byte, too: there the memory's end is no multiple of anything."""
    lines = []
    for kind, page in (('i32', ''), ('i64', ''), ('i32', '(pagesize 1)')):
        end = PAGE if not page else 1000 + 7
        address = 'i64' if kind == 'i64' else ''
        size_text = f'{end} {end} {page}' if page else '1 1'
        functions, asserts = [], []
        for op, body, size in accesses():
            last = end - size
            step = size if is_atomic(op) else 1
            last -= last % step
            functions.append(f'(func (export "{op}") (param {kind}) {body("(local.get 0)", "")})')
            asserts += calls_of(op, kind, [(0, True), (last - step, True), (last, True), (last + step, False)])
            functions.append(f'(func (export "{op} offset") (param {kind}) {body("(local.get 0)", f"offset={last}")})')
            asserts += calls_of(op + ' offset', kind, [(0, True), (step, False)])
            functions.append(f'(func (export "{op} constant") {body(f"({kind}.const {last})", "")})')
            functions.append(f'(func (export "{op} behind") {body(f"({kind}.const {last + step})", "")})')
            asserts.append(f'(assert_return (invoke "{op} constant"))')
            asserts.append(f'(assert_trap (invoke "{op} behind") "{OOB}")')
        lines.append(f'(module (memory {address} {size_text})\n' + '\n'.join(functions) + ')')
        lines += asserts
    return '\n'.join(lines) + '\n'


@matrix
def overflow():
    """Effective addresses of 64-bit memories that wrap, nearly wrap or are just large, on every instruction."""
    offsets = [0, 1, 8, PAGE - 16, PAGE, MASK32, 1 << 32, 1 << 48, (1 << 63) - 8, 1 << 63, MASK64 - 15, MASK64]
    indices = [0, 8, PAGE - 16, PAGE, 1 << 31, MASK32, 1 << 32, 1 << 40, 1 << 63, MASK64 - 15, MASK64 - 7, MASK64]
    functions, asserts = [], []
    for op, body, size in accesses():
        for offset in offsets:
            if is_atomic(op) and offset % 8:
                continue
            functions.append(f'(func (export "{op} {offset}") (param i64) {body("(local.get 0)", f"offset={offset}")})')
            cases = [(index, index + offset + size <= PAGE) for index in indices
                     if not (is_atomic(op) and (index + offset) % 8)]
            asserts += calls_of(f'{op} {offset}', 'i64', cases)
    return '(module (memory i64 1 1)\n' + '\n'.join(functions) + ')\n' + '\n'.join(asserts) + '\n'


@matrix
def bulk_overflow():
    """The same for instructions with a length: each of 32 and 64 bits."""
    lines = []
    for kind, top in (('i32', MASK32), ('i64', MASK64)):
        address = 'i64' if kind == 'i64' else ''
        lines.append(f'''(module (memory {address} 1 1) (data $d "0123456789")
  (func (export "fill") (param {kind} {kind}) (memory.fill (local.get 0) (i32.const 7) (local.get 1)))
  (func (export "copy to") (param {kind} {kind}) (memory.copy (local.get 0) ({kind}.const 0) (local.get 1)))
  (func (export "copy from") (param {kind} {kind}) (memory.copy ({kind}.const 0) (local.get 0) (local.get 1)))
  (func (export "init") (param {kind} i32) (memory.init $d (local.get 0) (i32.const 0) (local.get 1))))''')
        starts = [0, 1, PAGE - 8, PAGE, PAGE + 1, top // 2, top // 2 + 1, top - PAGE + 1, top - 7, top]
        lengths = [0, 1, 8, 10, PAGE, PAGE + 1, top // 2 + 1, top - 7, top]
        for start in starts:
            for length in lengths:
                for name in ('fill', 'copy to', 'copy from', 'init'):
                    if name == 'init':
                        if length > MASK32:
                            continue
                        count, inside = f'(i32.const {length:#x})', length <= 10 and start + length <= PAGE
                    else:
                        count, inside = f'({kind}.const {length:#x})', length <= PAGE and start + length <= PAGE
                    call = f'(invoke "{name}" ({kind}.const {start:#x}) {count})'
                    lines.append(f'(assert_return {call})' if inside else f'(assert_trap {call} "{OOB}")')
    return '\n'.join(lines) + '\n'


@matrix
def bulk_lengths():
    """Every short length of memory.fill and memory.copy, which tiers do by themselves: what is written, and nothing else,
    with every kind of overlap, at a memory's end, and one byte beyond it."""
    shown = 256  # bytes that are compared, those at the memory's end
    base = PAGE - shown
    before = bytes((i * 73 + 41) & 0xFF for i in range(shown))

    def digest(contents):
        result = 0
        for byte in contents:
            result = (result * 0x100000001B3 + byte) & MASK64
        return result

    lines = []
    for kind in ('i32', 'i64'):
        address = 'i64' if kind == 'i64' else ''
        escaped = ''.join(f'\\{byte:02x}' for byte in before)
        lines.append(f'''(module (memory {address} 1 1) (data $d "{escaped}")
  (func $begin (memory.init $d ({kind}.const {base}) (i32.const 0) (i32.const {shown})))
  (func $digest (export "digest") (result i64) (local $at {kind}) (local $sum i64)
    (local.set $at ({kind}.const {base}))
    (loop (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 0x100000001B3)) (i64.load8_u (local.get $at))))
      (local.set $at ({kind}.add (local.get $at) ({kind}.const 1)))
      (br_if 0 ({kind}.ne (local.get $at) ({kind}.const {PAGE}))))
    (local.get $sum))
  (func (export "fill") (param {kind} i32 {kind}) (result i64)
    (call $begin) (memory.fill (local.get 0) (local.get 1) (local.get 2)) (call $digest))
  (func (export "copy") (param {kind} {kind} {kind}) (result i64)
    (call $begin) (memory.copy (local.get 0) (local.get 1) (local.get 2)) (call $digest)))''')

        def case(name, args, to, written, inside):
            call = f'(invoke "{name}" {args})'
            after = before[:to] + written + before[to + len(written):]
            lines.append(f'(assert_return {call} (i64.const {digest(after):#x}))' if inside else
                         f'(assert_trap {call} "{OOB}") (assert_return (invoke "digest") (i64.const {digest(before):#x}))')

        def number(value):
            return f'({kind}.const {base + value})'

        for length in range(72):
            count = f'({kind}.const {length})'
            end = shown - length
            for to in (0, 13, end, end + 1):
                for value in (0x55, 0x1FE):
                    case('fill', f'{number(to)} (i32.const {value}) {count}', to, bytes([value & 0xFF]) * length,
                         to <= end)
            places = [(end, 3), (end + 1, 3), (3, end), (3, end + 1)]
            places += [(90 + distance, 90) for distance in (-72, -64, -33, -31, -16, -9, -8, -4, -3, -1, 0)]
            places += [(90, 90 + distance) for distance in (-64, -33, -31, -16, -9, -8, -4, -3, -1)]
            for to, start in places:
                case('copy', f'{number(to)} {number(start)} {count}', to, before[start:start + length],
                     max(to, start) <= end)
    return '\n'.join(lines) + '\n'


def index_operations():
    """(name, expression of the parameters x and y, model): every instruction that makes an i32."""
    def shift(function):
        return lambda x, y: function(x, y % 32)

    def rotl(x, n):
        return (x << n | x >> (32 - n)) & MASK32 if n else x

    binary = {
        'add': lambda x, y: x + y, 'sub': lambda x, y: x - y, 'mul': lambda x, y: x * y, 'and': lambda x, y: x & y,
        'or': lambda x, y: x | y, 'xor': lambda x, y: x ^ y, 'shl': shift(lambda x, n: x << n),
        'shr_u': shift(lambda x, n: x >> n), 'shr_s': shift(lambda x, n: signed(x, 32) >> n),
        'rotl': shift(rotl), 'rotr': shift(lambda x, n: rotl(x, (32 - n) % 32)),
        'div_u': lambda x, y: x // y, 'rem_u': lambda x, y: x % y,
    }
    for op, model in binary.items():
        if op in ('div_u', 'rem_u'):
            yield (f'i32.{op}', f'(i32.{op} (local.get 0) (i32.or (local.get 1) (i32.const 1)))',
                   lambda x, y, model=model: model(x, y | 1))
        else:
            yield f'i32.{op}', f'(i32.{op} (local.get 0) (local.get 1))', model
        # The second operand as a constant takes other ways through a compiler.
        for constant in (1, 4, MASK32, 0x80000000):
            yield (f'i32.{op} {constant:#x}', f'(i32.{op} (local.get 0) (i32.const {constant:#x}))',
                   lambda x, _, model=model, constant=constant: model(x, constant))
    unary = {
        'i32.clz': lambda x: 32 - x.bit_length(), 'i32.popcnt': lambda x: bin(x).count('1'),
        'i32.ctz': lambda x: (x & -x).bit_length() - 1 if x else 32, 'i32.eqz': lambda x: int(x == 0),
        'i32.extend8_s': lambda x: signed(x & 0xFF, 8), 'i32.extend16_s': lambda x: signed(x & 0xFFFF, 16),
    }
    for op, model in unary.items():
        yield op, f'({op} (local.get 0))', lambda x, _, model=model: model(x)
    wide = '(i64.or (i64.shl (i64.extend_i32_u (local.get 1)) (i64.const 32)) (i64.extend_i32_u (local.get 0)))'
    yield 'i32.wrap_i64', f'(i32.wrap_i64 {wide})', lambda x, _: x
    yield 'reinterpret', '(i32.reinterpret_f32 (f32.reinterpret_i32 (local.get 0)))', lambda x, _: x
    yield 'select', '(select (local.get 0) (local.get 1) (i32.const 1))', lambda x, _: x
    yield 'call', '(call $same (local.get 0))', lambda x, _: x
    yield 'call of many', '(call $ninth (local.get 1) (local.get 1) (local.get 1) (local.get 1) (local.get 1) ' \
        '(local.get 1) (local.get 1) (local.get 1) (local.get 0))', lambda x, _: x
    yield 'block', '(block (result i32) (br_if 0 (local.get 0) (local.get 1)))', lambda x, _: x
    yield 'tee', '(local.tee 1 (i32.sub (local.get 0) (i32.const 0)))', lambda x, _: x
    yield 'global', '(block (result i32) (global.set $g (local.get 0)) (global.get $g))', lambda x, _: x
    yield 'extract', '(i32x4.extract_lane 2 (i32x4.splat (local.get 0)))', lambda x, _: x
    yield 'atomic', '(i32.atomic.store (i32.const 0) (local.get 0)) (i32.atomic.rmw.xchg (i32.const 0) (i32.const 0))', \
        lambda x, _: x
    yield 'scaled', '(i32.shl (i32.add (local.get 0) (local.get 1)) (i32.const 2))', lambda x, y: (x + y) << 2


@matrix
def wraps():
    """An i32 wraps before it is an address, whatever instruction made it; then the offset is added in 33 bits."""
    values = [(0, 0), (1, MASK32), (MASK32, 1), (MASK32 - 7, 16), (0x80000000, 0x80000000), (0x80000000, 2),
              (0x7FFFFFFF, 0x7FFFFFFF), (0xC0000004, 0x40000004), (8, 4), (MASK32, MASK32), (PAGE - 4, 0), (3, 30)]
    offsets = [0, 1, (1 << 31) - 1, 1 << 31, MASK32]
    lines = ['''(module (memory 1 1) (global $g (mut i32) (i32.const 0))
  (func $same (param i32) (result i32) (local.get 0))
  (func $ninth (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (local.get 8))''']
    asserts = []
    for name, expression, model in index_operations():
        for offset in offsets:
            lines.append(f'''  (func (export "{name} {offset:#x}") (param i32 i32) (result i32)
    (i32.load offset={offset} (block (result i32) {expression})))
  (func (export "{name} plain {offset:#x}") (param i32 i32) (result i32)
    {expression} (i32.load offset={offset}))
  (func (export "{name} store {offset:#x}") (param i32 i32)
    (i32.store8 offset={offset} (block (result i32) {expression}) (i32.const 0)))''')
            for x, y in values:
                index = model(x, y) & MASK32
                arguments = f'(i32.const {x:#x}) (i32.const {y:#x})'
                for kind, size, result in (('', 4, ' (i32.const 0)'), ('plain ', 4, ' (i32.const 0)'),
                                           ('store ', 1, '')):
                    call = f'(invoke "{name} {kind}{offset:#x}" {arguments})'
                    inside = index + offset + size <= PAGE
                    asserts.append(f'(assert_return {call}{result})' if inside else f'(assert_trap {call} "{OOB}")')
    return '\n'.join(lines) + ')\n' + '\n'.join(asserts) + '\n'


def comparisons():
    """(instruction, type of its operands, model): every one whose result may stay a condition."""
    models = {'eq': lambda x, y: x == y, 'ne': lambda x, y: x != y, 'lt': lambda x, y: x < y,
              'gt': lambda x, y: x > y, 'le': lambda x, y: x <= y, 'ge': lambda x, y: x >= y}
    for kind, bits in (('i32', 32), ('i64', 64)):
        for op, model in models.items():
            if op in ('eq', 'ne'):
                yield f'{kind}.{op}', kind, model
                continue
            yield f'{kind}.{op}_u', kind, model
            yield (f'{kind}.{op}_s', kind,
                   lambda x, y, model=model, bits=bits: model(signed(x, bits), signed(y, bits)))
        yield f'{kind}.eqz', kind, lambda x, _: x == 0
    for kind in ('f32', 'f64'):
        for op, model in models.items():
            yield f'{kind}.{op}', kind, model


def uses_of_conditions():
    """(name, type of the result, body where {} is the condition, (result if it holds, if not))"""
    yield 'number', 'i32', '{}', (1, 0)
    yield 'set', 'i32', '{} (local.set $n) (local.get $n)', (1, 0)
    yield 'tee', 'i32', '{} (local.tee $n) (if (result i32) (then (local.get $n)) (else (i32.const 2)))', (1, 2)
    yield 'if', 'i32', '{} (if (result i32) (then (i32.const 3)) (else (i32.const 4)))', (3, 4)
    yield 'br_if', 'i32', '(block {} (br_if 0) (return (i32.const 3))) (i32.const 4)', (4, 3)
    for kind in ('i32', 'f64'):
        yield (f'br_if {kind}', kind,
               f'(block (result {kind}) ({kind}.const 3) {{}} (br_if 0) (drop) ({kind}.const 4))', (3, 4))
    yield ('br_if two', 'i32', '(block (result i32 i32) (i32.const 7) (i32.const 4) {} (br_if 0) (drop) (i32.const 5)) '
           '(i32.sub)', (3, 2))
    # Selects, and those that choose what a machine in the guest does next, which are compiled to branches: a machine
    # that goes on by tail calls, and one that loops. Operands are constants, locals, the local that takes the result,
    # and values in a register and in the frame.
    for kind, as_index in (('i32', ''), ('i64', 'i32.wrap_i64'), ('f64', 'i32.trunc_sat_f64_u'),
                           ('v128', 'i32x4.extract_lane 0')):
        constant, other, to, register = (f'({value_text(kind, 16)})', '(local.get $other)', '(local.get $to)',
                                         f'(global.get ${kind})')
        opcode = f'(local.get $to) {as_index} (i32.load8_u)'
        for operands, results in ((constant + f'({value_text(kind, 17)})', (16, 17)), (constant + other, (16, 32)),
                                  (other + to, (32, 48)), (to + other, (48, 32)), (to + register, (48, 64)),
                                  (register + constant, (64, 16)), (register + other + '(block)', (64, 32))):
            chosen = f'{operands} {{}} (select) (local.set $to)'
            yield f'select {kind} {operands}', kind, f'{chosen} (local.get $to)', results
            yield (f'tail-calling {kind} {operands}', kind,
                   f'{chosen} (local.get $to) {opcode} (return_call_indirect ${kind} (type ${kind}))', results)
            yield (f'looping {kind} {operands}', kind,
                   f'(block (loop {chosen} {opcode} (br_table 1 1))) (local.get $to)', results)


@matrix
def conditions():
    """Every comparison and its negation, of NaNs too, in each use that may take it as a condition."""
    nan = float('nan')
    values = {'i32': [(1, 1), (1, 2), (MASK32, 2), (0, 1)], 'i64': [(1, 1), (1, 2), (MASK64, 2), (0, 1)]}
    values['f32'] = values['f64'] = [(1.0, 1.0), (1.0, 2.0), (2.0, 1.0), (0.0, -0.0), (nan, 1.0), (nan, nan)]
    kinds = ('i32', 'i64', 'f64', 'v128')
    shared = '(memory 1)' + ''.join(f'''
  (type ${kind} (func (param {kind}) (result {kind})))
  (global ${kind} (mut {kind}) ({value_text(kind, 64)}))
  (func ${kind} (type ${kind}) (local.get 0))
  (table ${kind} funcref (elem ${kind}))''' for kind in kinds)
    lines = []
    for op, kind, model in comparisons():
        operands = '(local.get $x)' if op.endswith('eqz') else '(local.get $x) (local.get $y)'
        functions, asserts = [shared], []
        for negated in (False, True):
            condition = f'{operands} ({op}) (i32.eqz)' if negated else f'{operands} ({op})'
            for name, result, body, results in uses_of_conditions():
                name = f'not {name}' if negated else name
                functions.append(f'''  (func (export "{name}") (param $x {kind}) (param $y {kind}) (result {result})
    (local $n i32) (local $other {result}) (local $to {result})
    (local.set $other ({value_text(result, 32)})) (local.set $to ({value_text(result, 48)}))
    {body.format(condition)})''')
                for x, y in values[kind]:
                    wanted = results[0 if model(x, y) != negated else 1]
                    asserts.append(f'(assert_return (invoke "{name}" ({kind}.const {x}) ({kind}.const {y})) '
                                   f'({value_text(result, wanted)}))')
        lines.append('(module ' + '\n'.join(functions) + ')')
        lines += asserts
    return '\n'.join(lines) + '\n'


@matrix
def tail_calls():
    """Tail calls a million deep: of itself, of another function, of an import that comes back, of the host; with more,
    equally many and fewer arguments; direct, by table and by reference."""
    depth = 1_000_000
    lines = []
    for more in (0, 3, 9, 40):  # arguments besides the counter and the sum, of all types
        kinds = [('i64', 'f64', 'i32', 'f32', 'v128')[i % 5] for i in range(more)]
        params = ' '.join(kinds)
        rest = ' '.join(f'(local.get {2 + i})' for i in range(more))
        fresh = ' '.join(zero(kind) for kind in kinds)
        lines.append(f'''(module $lib{more}
  (type $few (func (param i32 i64) (result i64)))
  (type $many (func (param i32 i64 {params}) (result i64)))
  (table (export "table") 10 funcref)
  (table $typed (export "typed") 1 (ref null $few))
  (memory 1)
  (func (export "drop direct") (type $many) (return_call_indirect (type $few) (local.get 0) (local.get 1) (i32.const 4)))
  (func (export "drop indirect") (type $many)
    (return_call_indirect (type $few) (local.get 0) (local.get 1) (i32.const 5)))
  (func (export "drop ref") (type $many)
    (return_call_ref $few (local.get 0) (local.get 1) (table.get $typed (i32.const 0))))
  (func (export "bounce") (param i32 i64) (result i64)
    (return_call_indirect (type $few) (local.get 0) (i64.add (local.get 1) (i64.const 1)) (i32.const 1))))
(register "lib{more}" $lib{more})
(module
  (type $few (func (param i32 i64) (result i64)))
  (type $many (func (param i32 i64 {params}) (result i64)))
  (import "lib{more}" "table" (table 10 funcref))
  (import "lib{more}" "typed" (table $typed 1 (ref null $few)))
  (import "lib{more}" "drop direct" (func $drop_direct (type $many)))
  (import "lib{more}" "drop indirect" (func $drop_indirect (type $many)))
  (import "lib{more}" "drop ref" (func $drop_ref (type $many)))
  (import "lib{more}" "bounce" (func $bounce (type $few)))
  (import "spectest" "print_i32" (func $print (param i32)))
  (elem (i32.const 0) $itself $back $few $many $cross_direct $cross_indirect)
  (elem (i32.const 7) $drop_indirect $drop_ref)
  (elem (table $typed) (i32.const 0) (ref null $few) (ref.func $cross_ref))
  (memory 2)
  (func $itself (export "itself") (type $few)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call $itself (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 2))))
  (func $back (type $few)
    (if (i32.eqz (local.get 0)) (then (return (i64.add (local.get 1) (i64.extend_i32_u (memory.size))))))
    (return_call $bounce (i32.sub (local.get 0) (i32.const 1)) (local.get 1)))
  (func (export "other instance") (type $few) (return_call $bounce (local.get 0) (local.get 1)))''')
        for how in ('direct', 'indirect', 'ref'):
            target = {'direct': ('return_call $few', 'return_call $many'),
                      'indirect': ('return_call_indirect (type $few)', 'return_call_indirect (type $many)'),
                      'ref': ('return_call_ref $few', 'return_call_ref $many')}[how]
            last = {'direct': ('', ''), 'indirect': ('(i32.const 2)', '(i32.const 3)'),
                    'ref': ('(ref.func $few)', '(ref.func $many)')}[how]
            suffix = '' if how == 'direct' else how
            few, many = f'$few{suffix}', f'$many{suffix}'
            calls = [target[0], target[1]]
            names = [few, many]
            if how == 'direct':
                calls = [f'return_call {few}', f'return_call {many}']
            counted = '(i32.sub (local.get 0) (i32.const 1))'
            # Fewer to more, more to more while the counter is odd, more to fewer.
            lines.append(f'''  (func {names[0]} (export "few {how}") (type $few)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    ({calls[1]} {counted} (i64.add (local.get 1) (i64.const 1)) {fresh} {last[1]}))
  (func {names[1]} (export "many {how}") (type $many)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (if (i32.and (local.get 0) (i32.const 1))
      (then ({calls[1]} {counted} (i64.add (local.get 1) (i64.const 1)) {rest} {last[1]})))
    ({calls[0]} {counted} (i64.add (local.get 1) (i64.const 1)) {last[0]}))''')
        # To another instance with more arguments, and back with fewer.
        for how, call, last in (('direct', 'return_call $drop_direct', ''),
                                ('indirect', 'return_call_indirect (type $many)', '(i32.const 7)'),
                                ('ref', 'return_call_ref $many', '(ref.func $drop_ref)')):
            lines.append(f'''  (func $cross_{how} (export "cross {how}") (type $few)
    (if (i32.eqz (local.get 0)) (then (return (i64.add (local.get 1) (i64.extend_i32_u (memory.size))))))
    ({call} (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 1)) {fresh} {last}))''')
        # A call of the host ends a chain, so there is a chain a time.
        lines.append('''  (table $hosts funcref (elem $print))
  (type $print (func (param i32)))
  (func $host (param i32) (return_call $print (local.get 0)))
  (func $host_indirect (param i32) (return_call_indirect $hosts (type $print) (local.get 0) (i32.const 0)))
  (func $host_ref (param i32) (return_call_ref $print (local.get 0) (ref.func $print)))
  (func (export "host") (param i32)
    (loop $again
      (call $host (local.get 0)) (call $host_indirect (local.get 0)) (call $host_ref (local.get 0))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))''')
        lines.append(f'(assert_return (invoke "itself" (i32.const {depth}) (i64.const 0)) (i64.const {2 * depth}))')
        lines.append(f'(assert_return (invoke "other instance" (i32.const {depth}) (i64.const 0)) '
                     f'(i64.const {depth + 1 + 2}))')
        for how in ('direct', 'indirect', 'ref'):
            lines.append(f'(assert_return (invoke "few {how}" (i32.const {depth}) (i64.const 0)) (i64.const {depth}))')
            lines.append(f'(assert_return (invoke "cross {how}" (i32.const {depth}) (i64.const 0)) '
                         f'(i64.const {depth + 2}))')
        lines.append('(assert_return (invoke "host" (i32.const 100000)))')
    return '\n'.join(line for line in lines if line) + '\n'


@matrix
def deep_frames():
    """Functions with large frames at the end of the stack: the check counts all of the frame. Leaves that need no check
    are called from wherever the stack ends."""
    lines = []
    for kind, count in (('v128', 999), ('i64', 999), ('v128', 1), ('i32', 0)):  # and one more; 1000 are allowed
        params = ' '.join([kind] * count)
        rest = ' '.join(f'(local.get {1 + i})' for i in range(count))
        fresh = ' '.join([zero(kind)] * count)
        for results in (0, 1, 100):
            kinds = ' '.join(['i64'] * results)
            constants = ' '.join(['(i64.const 1)'] * results)
            drops = 'drop ' * results
            lines.append(f'''(module
  (func $f (param i32 {params}) (result {kinds})
    (if (i32.eqz (local.get 0)) (then (return {constants})))
    (call $f (i32.sub (local.get 0) (i32.const 1)) {rest}) {drops} {constants})
  (func (export "deep") (param i32) (call $f (local.get 0) {fresh}) {drops})
  (func $leaf (param i32 {params}) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $to_the_end (param i32) (result i32)
    (local {params})
    (drop (call $leaf (local.get 0) {fresh}))
    (i32.add (call $to_the_end (local.get 0)) (i32.const 1)))
  (func (export "to the end") (drop (call $to_the_end (i32.const 1)))))
(assert_return (invoke "deep" (i32.const 10)))
(assert_exhaustion (invoke "deep" (i32.const 100000000)) "call stack exhausted")
(assert_return (invoke "deep" (i32.const 10)))
(assert_exhaustion (invoke "to the end") "call stack exhausted")''')
    return '\n'.join(lines) + '\n'

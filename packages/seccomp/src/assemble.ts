import { FURTHEST_BRANCH, type Instruction, MOST_INSTRUCTIONS, OP } from './bpf.ts';
import { type Node, TooLongError } from './graph.ts';

/** A branch's other target may need a jump of its own in between, which puts the first target one further away. */
const SAFE_BRANCH = FURTHEST_BRANCH - 1;

/**
 * Lays a graph out as instructions. BPF jumps forward only, so it is written from its end: when a node is placed, all
 * that it leads to is placed already and its distance is known.
 * @throws {TooLongError} more instructions than the kernel takes
 */
export function assemble(root: Node): Instruction[] {
  const backwards: Instruction[] = [];
  const placeOf = new Map<Node, number>();

  const push = (code: number, k: number, jt = 0, jf = 0): number => {
    if (backwards.length === MOST_INSTRUCTIONS) throw new TooLongError(`more than ${MOST_INSTRUCTIONS} instructions`);
    return backwards.push({ code, jt, jf, k }) - 1;
  };
  /** Instructions to skip from the one that is pushed next. */
  const distanceTo = (place: number): number => backwards.length - 1 - place;

  const place = (node: Node): number => {
    const known = placeOf.get(node);
    if (known !== undefined) return known;
    const made = write(node);
    placeOf.set(node, made);
    return made;
  };
  const write = (node: Node): number => {
    if (node.kind === 'verdict') return push(OP.return, node.value);
    if (node.kind === 'branch') return writeBranch(node);
    const next = place(node.next);
    if (distanceTo(next) > 0) writeDetour(node.next, next);
    return node.kind === 'load' ? push(OP.load, node.offset) : push(OP.and, node.mask);
  };
  const writeBranch = ({ code, k, yes, no }: Extract<Node, { kind: 'branch' }>): number => {
    let [jt, jf] = [place(yes), place(no)];
    if (distanceTo(jt) > SAFE_BRANCH) jt = writeDetour(yes, jt);
    if (distanceTo(jf) > SAFE_BRANCH) jf = writeDetour(no, jf);
    return push(code, k, distanceTo(jt), distanceTo(jf));
  };
  /** What stands in for a node that is too far away: the verdict again, which is as short as a jump to it. */
  const writeDetour = (node: Node, far: number): number => {
    if (node.kind !== 'verdict') return push(OP.jump, distanceTo(far));
    const near = push(OP.return, node.value);
    placeOf.set(node, near);
    return near;
  };

  place(root);
  return backwards.reverse();
}

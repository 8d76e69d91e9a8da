/**
 * Tables, lists and colours for terminals: columns aligned, lines never longer than the terminal. Tables that are
 * too wide are split into groups of columns, each with the first column again, rather than cut.
 */

export type Paint = 'good' | 'bad' | 'unsure' | 'dim' | 'bold';
export interface Piece {
  text: string;
  paint?: Paint;
}
export type TextCell = string | Piece;

const CODES: Readonly<Record<Paint, string>> = { good: '32', bad: '31', unsure: '33', dim: '2', bold: '1' };

/** Writes pieces; without colour, painting is plain text. */
export type Painter = (piece: TextCell) => string;

export function painter(color: boolean): Painter {
  return (piece) => {
    const { text, paint } = typeof piece === 'string' ? { text: piece, paint: undefined } : piece;
    return color && paint !== undefined && text !== '' ? `\u001b[${CODES[paint]}m${text}\u001b[0m` : text;
  };
}

/** Characters, not UTF-16 units; control characters (an escape sequence in a message, say) must not reach a terminal. */
export function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}

const widthOf = (cell: TextCell): number => [...(typeof cell === 'string' ? cell : cell.text)].length;

export interface TableOptions {
  width: number;
  indent: number;
  paint: Painter;
  /** The last column holds words: where the table is too wide it is wrapped instead of split off. */
  flexible?: boolean;
}

const GAP = 2;
/** A wrapped column narrower than this is split off after all. */
const FLEXIBLE_MIN = 10;

export function table(header: readonly TextCell[], rows: readonly (readonly TextCell[])[], options: TableOptions): string[] {
  const room = options.width - options.indent;
  const firstMax = Math.min(Math.floor(room / 2), columnWidth([header, ...rows], 0));
  const clip = (row: readonly TextCell[]) => row.map((cell, column) => clipped(cell, column === 0 ? firstMax : room - firstMax - GAP));
  const head = header.map((cell) => (typeof cell === 'string' ? { text: cell, paint: 'dim' as const } : cell));
  const body = (options.flexible ? [head, ...rows].flatMap((row, _, all) => wrapLast(row, all, room)) : [head, ...rows]).map(clip);
  const widths = header.map((_, column) => columnWidth(body, column));
  return columnGroups(widths, room).flatMap((columns, group) => [
    ...(group === 0 ? [] : ['']),
    ...body.map((row) => {
      const cells = columns.map((column) => {
        const cell = row[column] ?? '';
        return options.paint(cell) + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell)));
      });
      return `${' '.repeat(options.indent)}${cells.join(' '.repeat(GAP))}`.trimEnd();
    }),
  ]);
}

/** What fits no line of its own is cut, visibly. */
function clipped(cell: TextCell, widthMax: number): TextCell {
  if (widthOf(cell) <= widthMax) return cell;
  const cut = (text: string) => `${[...text].slice(0, widthMax - 1).join('')}…`;
  return typeof cell === 'string' ? cut(cell) : { ...cell, text: cut(cell.text) };
}

function columnWidth(rows: readonly (readonly TextCell[])[], column: number): number {
  return Math.max(...rows.map((row) => widthOf(row[column] ?? '')));
}

/** The row's last cell in as many lines as the room beside the other columns takes. */
function wrapLast(row: readonly TextCell[], all: readonly (readonly TextCell[])[], room: number): (readonly TextCell[])[] {
  const last = row.length - 1;
  const beside = row.slice(0, last).reduce((sum: number, _, column) => sum + columnWidth(all, column) + GAP, 0);
  const cell = row[last] ?? '';
  const { text, paint } = typeof cell === 'string' ? { text: cell, paint: undefined } : cell;
  if (room - beside < FLEXIBLE_MIN || widthOf(cell) <= room - beside) return [row];
  return wrap(text, room - beside, '').map((line, index) => [
    ...row.slice(0, last).map((other) => (index === 0 ? other : '')),
    paint === undefined ? line : { text: line, paint },
  ]);
}

/** Which columns stand together; the first is in every group. */
function columnGroups(widths: readonly number[], width: number): number[][] {
  const groups: number[][] = [];
  let group = [0];
  let used = widths[0] ?? 0;
  for (let column = 1; column < widths.length; column += 1) {
    const more = GAP + (widths[column] ?? 0);
    if (used + more > width && group.length > 1) {
      groups.push(group);
      group = [0];
      used = widths[0] ?? 0;
    }
    group.push(column);
    used += more;
  }
  groups.push(group);
  return groups;
}

/** Words in lines; the first line starts with `lead`, the others below its text. Words that are too long are cut. */
export function wrap(text: string, width: number, lead: string): string[] {
  const hang = ' '.repeat([...lead].length);
  const room = Math.max(10, width - hang.length);
  const lines: string[] = [];
  let line = '';
  for (const word of clean(text).split(' ')) {
    let rest = [...word];
    if (line !== '' && [...line].length + 1 + rest.length > room) {
      lines.push(line);
      line = '';
    }
    while (rest.length > room) {
      const cut = cutAt(rest, room);
      lines.push(rest.slice(0, cut).join(''));
      rest = rest.slice(cut);
    }
    line = line === '' ? rest.join('') : `${line} ${rest.join('')}`;
  }
  lines.push(line);
  return lines.map((part, index) => (index === 0 ? lead : hang) + part);
}

/** Ids of arms break behind a mark where there is one in the second half. */
function cutAt(characters: readonly string[], room: number): number {
  for (let at = room; at > room / 2; at -= 1) {
    if ('>@,;&'.includes(characters[at - 1] ?? '')) return at;
  }
  return room;
}

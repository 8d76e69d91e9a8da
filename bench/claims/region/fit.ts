/** Ordinary least squares for models of two or three constants. */

/**
 * The coefficients for which `rows · coefficients` comes nearest to `values`, by the normal equations: with a handful of
 * well separated conditions they are as good as any method. `undefined` where the rows cannot tell the coefficients apart.
 */
export function leastSquares(rows: readonly (readonly number[])[], values: readonly number[]): number[] | undefined {
  const size = rows[0]?.length ?? 0;
  if (size === 0 || rows.length < size) return undefined;
  // Columns of like size, so that a pivot near 0 means what it says.
  const scales = Array.from({ length: size }, (_, column) => Math.max(...rows.map((row) => Math.abs(row[column]!))) || 1);
  const scaled = rows.map((row) => row.map((value, column) => value / scales[column]!));
  const sum = (of: (row: readonly number[], index: number) => number) => scaled.reduce((total, row, index) => total + of(row, index), 0);
  const matrix = scales.map((_, i) => [
    ...scales.map((_, j) => sum((row) => row[i]! * row[j]!)),
    sum((row, index) => row[i]! * values[index]!),
  ]);
  const solved = eliminate(matrix);
  return solved?.map((value, column) => value / scales[column]!);
}

const PIVOT_MIN = 1e-9;

/** Gauss and Jordan, with pivots: the right-hand side stands in the last column. */
function eliminate(matrix: number[][]): number[] | undefined {
  const size = matrix.length;
  for (let column = 0; column < size; column += 1) {
    const rest = matrix.slice(column).map((row) => Math.abs(row[column]!));
    const pivotAt = column + rest.indexOf(Math.max(...rest));
    [matrix[column], matrix[pivotAt]] = [matrix[pivotAt]!, matrix[column]!];
    const pivotRow = matrix[column]!;
    const pivot = pivotRow[column]!;
    if (!(Math.abs(pivot) > PIVOT_MIN)) return undefined;
    for (const row of matrix) {
      if (row === pivotRow) continue;
      const factor = row[column]! / pivot;
      for (let at = column; at <= size; at += 1) row[at]! -= factor * pivotRow[at]!;
    }
  }
  return matrix.map((row, index) => row[size]! / row[index]!);
}

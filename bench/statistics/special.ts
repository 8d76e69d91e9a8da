/**
 * The special functions that the distributions need: log-gamma, the regularised incomplete beta function, and
 * the error function. Written out, since the few lines that are needed are easier to check than a dependency.
 *
 * Sources: NIST Digital Library of Mathematical Functions (DLMF), sections named at each function; the continued
 * fractions are evaluated by the modified Lentz method (Thompson & Barnett, J. Comput. Phys. 64, 1986).
 */

const EPSILON = 1e-16;
const TINY = 1e-300;
const ITERATIONS_MAX = 10_000;

/** DLMF 5.11.1 (Stirling), after 5.5.1 has shifted the argument to where five terms are exact to 1e-16. x > 0. */
export function lnGamma(x: number): number {
  let shift = 0;
  let z = x;
  while (z < 15) {
    shift += Math.log(z);
    z += 1;
  }
  const w = 1 / (z * z);
  const series = (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w / 1188)))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/**
 * I_x(a, b), 0 ≤ x ≤ 1, a and b > 0. DLMF 8.17.22.
 * @param y 1 − x, where the caller knows it more exactly than the subtraction would give it.
 */
export function incompleteBeta(x: number, a: number, b: number, y = 1 - x): number {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  // The fraction converges fast only below the mean; above, 8.17.4 mirrors it.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(y, b, a, x);
  const front = Math.exp(lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log(y));
  const term = (n: number): number => {
    const m = n >> 1;
    return n % 2 === 0
      ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
      : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
  };
  return front / (a * lentz(1, term, () => 1));
}

/** erfc(x). DLMF 7.6.2 near zero, 7.9.1's contraction (even part) further out. */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  const square = x * x;
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > EPSILON * sum; n += 1) {
      term *= (2 * square) / (2 * n + 1);
      sum += term;
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-square) * sum;
  }
  const fraction = lentz(
    square + 0.5,
    (n) => -n * (n - 0.5),
    (n) => square + 2 * n + 0.5,
  );
  return (x * Math.exp(-square)) / (Math.sqrt(Math.PI) * fraction);
}

/** b0 + a1/(b1 + a2/(b2 + …)). */
function lentz(b0: number, a: (n: number) => number, b: (n: number) => number): number {
  let value = b0;
  let c = b0;
  let d = 0;
  for (let n = 1; n < ITERATIONS_MAX; n += 1) {
    d = b(n) + a(n) * d;
    c = b(n) + a(n) / c;
    d = 1 / (d === 0 ? TINY : d);
    if (c === 0) c = TINY;
    value *= c * d;
    if (Math.abs(c * d - 1) < 4 * EPSILON) return value;
  }
  return value;
}

/** The p-quantile of a continuous, increasing CDF: bracketed outwards from [low, high], then bisected to the last bit. */
export function invert(cdf: (x: number) => number, p: number, low: number, high: number): number {
  let from = low;
  let to = high;
  while (cdf(from) > p) from = from < 0 ? from * 2 : -1;
  while (cdf(to) < p) to = to > 0 ? to * 2 : 1;
  for (let i = 0; i < 200; i += 1) {
    const middle = from + (to - from) / 2;
    if (middle <= from || middle >= to) break;
    if (cdf(middle) < p) from = middle;
    else to = middle;
  }
  return from + (to - from) / 2;
}

/** Numbers as a person reads them: separators, sensible digits, units. */

const INTEGER = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 12345 → "12,345" */
export function formatCount(value) {
  return INTEGER.format(value);
}

/** Three significant digits, but never fewer digits than the integer part: 0.0123, 1.23, 1,234 */
export function formatNumber(value) {
  if (value === 0) return "0";
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const digits = Math.min(6, Math.max(0, 2 - magnitude));
  return new Intl.NumberFormat("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

const METRIC = [[1000, "km"], [1, "m"], [0.01, "cm"], [0.001, "mm"]];

/**
 * The scale of a model made from photos alone is arbitrary: lengths have "units" until somebody
 * has said how long one of them is.
 * @param {number} value in the model's units
 * @param {number | null} metresPerUnit
 */
export function formatLength(value, metresPerUnit = null) {
  if (metresPerUnit === null) return `${formatNumber(value)} units`;
  const metres = value * metresPerUnit;
  const [size, unit] = METRIC.find(([smallest]) => metres >= smallest) ?? METRIC.at(-1);
  return `${formatNumber(metres / size)} ${unit}`;
}

export function formatErrorPx(value) {
  return `${value.toFixed(2)} px`;
}

/** "1 photo", "7 photos" */
export function formatPhotos(count) {
  return `${formatCount(count)} ${count === 1 ? "photo" : "photos"}`;
}

/**
 * Keeps a label's values few, because each one is a time series for ever: what comes after the first
 * `valuesMax` distinct values, or does not look like a label, is `other`.
 */
export function boundedLabels(valuesMax: number, pattern: RegExp): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= valuesMax || !pattern.test(value)) return "other";
    known.add(value);
    return value;
  };
}

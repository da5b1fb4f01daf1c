/** Cut, not rounded: 100 % is all, and what is there at all is not 0 %. */
export function shareText(ms: number, wholeMs: number): string {
  const hundredths = wholeMs === 0 ? 0 : Math.floor((ms * 10_000) / wholeMs);
  return ms > 0 && hundredths === 0 ? "< 0.01 %" : `${hundredths / 100} %`;
}

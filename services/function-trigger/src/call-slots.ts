/** Places for calls that may run at once. */
export interface CallSlots {
  /** Runs the work when a place is free; those who wait come in turn. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

export function createCallSlots(count: number): CallSlots {
  const waiting: (() => void)[] = [];
  let free = count;
  return {
    run: async (work) => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      }
    },
  };
}

import { close, closeSync, fstatSync, openSync, renameSync, write } from "node:fs";
import { Writable } from "node:stream";

/** One file of a function's log; with the one before it a function keeps at most twice this. */
const LOG_BYTES_MAX = 10_000_000;

/**
 * A log file that is renamed to `<file>.1` when it is full, so that it cannot fill the disk. What cannot be
 * written (a full disk) is dropped: a function must not stop because nobody can write down what it says.
 */
export function openRotatingLog(file: string, bytesMax: number = LOG_BYTES_MAX): Writable {
  let descriptor = openSync(file, "a");
  let bytes = fstatSync(descriptor).size;

  function rotate(): void {
    closeSync(descriptor);
    renameSync(file, `${file}.1`);
    descriptor = openSync(file, "a");
    bytes = 0;
  }

  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (bytes > 0 && bytes + chunk.length > bytesMax) rotate();
      bytes += chunk.length;
      write(descriptor, chunk, () => done());
    },
    final(done) {
      close(descriptor, () => done());
    },
  });
}

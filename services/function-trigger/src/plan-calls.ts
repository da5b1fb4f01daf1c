import type { BusMessage } from "@polytape/event-bus";

/** The largest body of a call that carries several messages. */
export const CALL_BYTES_MAX = 1024 * 1024;

/**
 * Which of the messages taken together go into one call. A message that was delivered before goes alone:
 * it may be what made its batch fail, and must not take its neighbours down again. So does one that is not
 * JSON, because it would spoil the array.
 */
export function planCalls(
  messages: readonly BusMessage[],
  bytesMax: number = CALL_BYTES_MAX,
): BusMessage[][] {
  const calls: BusMessage[][] = [];
  let open: BusMessage[] = [];
  let openBytes = 0;
  for (const message of messages) {
    if (message.deliveries > 1 || !isJson(message.data)) {
      calls.push([message]);
      continue;
    }
    const bytes = message.data.byteLength + 1;
    if (open.length === 0 || openBytes + bytes > bytesMax) {
      open = [];
      openBytes = 1;
      calls.push(open);
    }
    open.push(message);
    openBytes += bytes;
  }
  return calls;
}

function isJson(data: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(data).toString("utf8"));
    return true;
  } catch {
    return false;
  }
}

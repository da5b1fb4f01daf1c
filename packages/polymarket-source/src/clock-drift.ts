/**
 * How far an event's time may be ahead of our clock, in milliseconds: clocks drift by seconds. What lies
 * further ahead is no time of the event, and would be the newest row until that moment comes.
 */
export const AHEAD_MS_MAX = 300_000;

/** A text that may be logged or told: addresses in it, also in a list as NATS takes it, have lost user and password. */
export function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^/,\s]*@/g, "//");
}

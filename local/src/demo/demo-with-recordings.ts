import type { DemoGround } from "./start-demo-stack.ts";

export async function demoWithRecordings(_ground: DemoGround, _folder: string): Promise<void> {}

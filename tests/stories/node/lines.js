// How a script talks with its test: a value in a line of JSON, both ways.

import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export const read = async () => JSON.parse((await lines.next()).value);
export const print = (value) => console.log(JSON.stringify(value));

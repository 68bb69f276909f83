// Usage: node audit.mjs URL
// Fails unless the GraphQL server at URL passes every audit; optional ones are no exception.
import { auditServer } from "graphql-http";

const url = process.argv[2];
if (!url) {
  console.error("Usage: node audit.mjs URL");
  process.exit(2);
}

const results = await auditServer({ url });
const shortfalls = results.filter(({ status }) => status !== "ok");
for (const { id, name, status, reason } of shortfalls) {
  console.log(`${status} ${id} ${name}: ${reason}`);
}
console.log(`${results.length - shortfalls.length} passed, ${shortfalls.length} failed`);
process.exit(results.length > 0 && shortfalls.length === 0 ? 0 : 1);

// Reads {library, secret, headers, body} from standard input, and prints what the library makes of the callback.
const { createPublicKey, verify } = require("node:crypto");
const { readFileSync } = require("node:fs");

const ED25519_HEAD = Buffer.from("302a300506032b6570032100", "hex"); // of a public key in DER (RFC 8410)

// As a receiver without a library for v1a would check it.
function byPublicKey(secret, headers, body) {
  const raw = Buffer.from(secret.replace(/^whpk_/, ""), "base64");
  const key = createPublicKey({ key: Buffer.concat([ED25519_HEAD, raw]), format: "der", type: "spki" });
  const signed = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
  const parts = headers["webhook-signature"].split(" ").map((part) => part.split(","));
  const held = parts.some(([version, text]) => version === "v1a" && verify(null, signed, key, Buffer.from(text, "base64")));
  if (!held) throw new Error("No matching signature found");
  return JSON.parse(body);
}

const { library, secret, headers, body } = JSON.parse(readFileSync(0, "utf-8"));
try {
  const found = library === "node:crypto" ? byPublicKey(secret, headers, body) : new (require(library).Webhook)(secret).verify(body, headers);
  console.log(JSON.stringify({ body: found }));
} catch (error) {
  console.log(JSON.stringify({ error: error.message }));
}

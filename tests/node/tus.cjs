// Reads {endpoint, key, path, chunkSize, uploadUrl, stopAfter} from standard input and uploads the file with tus-js-client.
// With `stopAfter` it stops after the piece with which the server has so many bytes. Prints what happened, as JSON.
const fs = require("node:fs");
const tus = require("tus-js-client");

const { endpoint, key, path, chunkSize, uploadUrl, stopAfter } = JSON.parse(fs.readFileSync(0, "utf-8"));
const seen = [];
const tell = (outcome) => {
  console.log(JSON.stringify({ ...outcome, url: upload.url, requests: seen }));
  process.exit(0);
};
const upload = new tus.Upload(fs.createReadStream(path), {
  endpoint,
  uploadUrl,
  chunkSize: chunkSize ?? Infinity,
  retryDelays: [0, 200, 500],
  headers: { Authorization: `Bearer ${key}` },
  metadata: { filename: "Größe.ogg", filetype: "audio/ogg" },
  onChunkComplete: (_, accepted) => {
    if (stopAfter && accepted >= stopAfter) upload.abort().then(() => tell({ stopped: accepted }));
  },
  onAfterResponse: (request, response) => {
    seen.push([request.getMethod(), response.getStatus(), response.getHeader("Upload-Offset") ?? null]);
  },
  onSuccess: ({ lastResponse }) => tell({ musicId: lastResponse.getHeader("Music-Id") }),
  onError: (error) => tell({ error: error.message }),
});
upload.start();

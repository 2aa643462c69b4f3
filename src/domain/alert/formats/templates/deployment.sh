# At the end of a deployment. `[alerts.sources.ci]` has `format = "deployment"` and a token.
# `id` makes it safe to send twice; `at`, `author`, `url` and `files` may be left out.
curl --fail --silent --show-error http://127.0.0.1:9094/alerts/ci \
  --header "Authorization: Bearer $STEWARD_TOKEN" \
  --json '{
    "id": "build-4711",
    "summary": "jellyfin 10.9.1 -> 10.9.2",
    "author": "ci",
    "target": "k8s/media/jellyfin",
    "url": "https://git.lan/homelab/actions/4711"
  }'

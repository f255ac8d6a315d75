# curl with --digest, told by the CSV.
set -eu
url=$1 name=$2 password=$3 ca=$4
offset=0 count=1000
while [ "$count" -eq 1000 ]; do
    page=$(curl --disable --noproxy '*' --silent --show-error --fail --max-time 20 --cacert "$ca" \
        --digest --user "$name:$password" "$url/cdrapi?format=CSV&numRecords=1000&offset=$offset")
    ids=$(printf '%s\n' "$page" | sed 1d | cut -d, -f1)
    count=$(printf '%s' "$ids" | grep -c '' || true)
    [ "$count" -eq 0 ] || printf '%s\n' "$ids"
    offset=$((offset + 1000))
done

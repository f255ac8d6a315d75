# curl with --digest, which encodes what it is given: a + and a # arrive.
set -eu
url=$1 name=$2 password=$3 ca=$4 filedir=$5 filename=$6
curl --disable --noproxy '*' --silent --show-error --fail --max-time 20 --cacert "$ca" \
    --digest --user "$name:$password" --get ${filedir:+--data-urlencode "filedir=$filedir"} \
    --data-urlencode "filename=$filename" "$url/recapi"

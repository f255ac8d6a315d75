# curl with --digest; the URL is pasted together, as on a command line.
set -eu
url=$1 name=$2 password=$3 ca=$4 filedir=$5 filename=$6
curl --disable --noproxy '*' --silent --show-error --fail --max-time 20 --cacert "$ca" \
    --digest --user "$name:$password" "$url/recapi?${filedir:+filedir=$filedir&}filename=$filename"

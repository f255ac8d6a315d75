<?php
// PHP's curl extension with its own Digest; http_build_query encodes the parameters.
declare(strict_types=1);

[, $url, $name, $password, $ca, $filedir, $filename] = $argv;

$asked = $filedir === '' ? ['filename' => $filename] : ['filedir' => $filedir, 'filename' => $filename];
$handle = curl_init("$url/recapi?" . http_build_query($asked));
curl_setopt_array($handle, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_FAILONERROR => true,
    CURLOPT_HTTPAUTH => CURLAUTH_DIGEST,
    CURLOPT_USERPWD => "$name:$password",
    CURLOPT_CAINFO => $ca,
    CURLOPT_PROXY => '',
    CURLOPT_TIMEOUT => 20,
]);
$body = curl_exec($handle);
if ($body === false) {
    fwrite(STDERR, curl_error($handle) . "\n");
    exit(1);
}
echo $body;

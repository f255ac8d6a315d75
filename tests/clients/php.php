<?php
// PHP's curl extension with its own Digest, told by the JSON.
declare(strict_types=1);

[, $url, $name, $password, $ca] = $argv;

function page(string $address, string $credentials, string $ca): array
{
    $handle = curl_init($address);
    curl_setopt_array($handle, [
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_FAILONERROR => true,
        CURLOPT_HTTPAUTH => CURLAUTH_DIGEST,
        CURLOPT_USERPWD => $credentials,
        CURLOPT_CAINFO => $ca,
        CURLOPT_PROXY => '',
        CURLOPT_TIMEOUT => 20,
    ]);
    $body = curl_exec($handle);
    if ($body === false) {
        fwrite(STDERR, curl_error($handle) . "\n");
        exit(1);
    }
    return json_decode($body, true, 512, JSON_THROW_ON_ERROR)['cdr'];
}

for ($offset = 0, $count = 1000; $count === 1000; $offset += 1000) {
    $rows = page("$url/cdrapi?format=JSON&numRecords=1000&offset=$offset", "$name:$password", $ca);
    foreach ($rows as $row) {
        echo $row['AcctId'], "\n";
    }
    $count = count($rows);
}
